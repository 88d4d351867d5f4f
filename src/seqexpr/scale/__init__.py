"""Jobs that are larger than one machine, or than one sitting: parted into blocks.

A job is a list of blocks and what is done with one of them; a backend does it:
:class:`seqexpr.scale.backend.LocalBackend` in processes of this machine,
:class:`seqexpr.scale.ray_backend.RayBackend` on the workers of a Ray cluster.
The blocks, and so the results, are the same.
"""
