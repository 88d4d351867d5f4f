"""Which files are looked at: modules that need PyTorch are left alone where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob: list[str] = []
if find_spec("torch") is None or find_spec("lightning_fabric") is None:
    collect_ignore_glob += [
        "src/seqexpr/models/nets/*", "tests/models/nets/*",
        "src/seqexpr/models/training/*", "tests/models/training/*",
        "src/seqexpr/models/neural.py", "tests/models/test_neural.py",
        "src/seqexpr/interpretation/attribution.py", "tests/interpretation/test_attribution.py",
        "src/seqexpr/interpretation/deeplift.py", "tests/interpretation/test_deeplift.py",
    ]  # fmt: skip
