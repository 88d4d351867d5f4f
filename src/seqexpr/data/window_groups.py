"""Which windows belong together: those of one gene, of one family, or of the same bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.optional import require

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["group_windows"]


def group_windows(
    windows: pd.DataFrame, families: dict[str, str] | None = None
) -> npt.NDArray[np.object_]:
    """Return the group of each window: rows that a split must not divide.

    Windows belong together if they are of one gene, share a base of the genome
    (on any strand, since the reverse complement holds the same motifs), or
    their genes are of one family; and so do windows that are joined through a
    chain of these. A model that saw half of a window in training is tested on
    the other half from memory.

    Parameters
    ----------
    windows : DataFrame
        chromosome, start, end (0-based, half-open, within the chromosome) and
        gene.
    families : dict, optional
        Gene to family. Genes that are not there are a family each.

    Returns
    -------
    ndarray of str, shape (n,)
        The name of a group is that of its family or gene that comes first.

    Examples
    --------
    >>> import pandas as pd
    >>> windows = pd.DataFrame({
    ...     "chromosome": ["1", "1", "1", "2"], "start": [0, 90, 500, 0],
    ...     "end": [100, 190, 600, 9], "gene": ["a", "b", "c", "d"],
    ... })
    >>> group_windows(windows).tolist()
    ['a', 'a', 'c', 'd']
    >>> group_windows(windows, {"b": "kinases", "d": "kinases"}).tolist()
    ['kinases', 'kinases', 'c', 'kinases']
    """
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    family = windows["gene"].map(families or {})
    clusters = _clusters(windows)
    n = len(windows)
    rows, nodes, offset = [], [], n
    for labels in (windows["gene"].to_numpy(), clusters, family.to_numpy()):
        codes = pd.factorize(labels)[0]  # -1: of no known family
        known = np.flatnonzero(codes >= 0)
        rows.append(known)
        nodes.append(offset + codes[known])
        offset += int(codes.max(initial=-1)) + 1
    edges = (np.ones(sum(map(len, rows)), np.int8), (np.concatenate(rows), np.concatenate(nodes)))
    _, component = connected_components(coo_array(edges, shape=(offset, offset)), directed=False)
    called = pd.DataFrame({"component": component[:n], "family": family.to_numpy(),
                           "gene": windows["gene"].to_numpy()})  # fmt: skip
    first = called.groupby("component", sort=False)[["family", "gene"]].first()
    names = first["family"].where(first["family"].notna(), first["gene"])
    return np.array(names.loc[component[:n]].tolist(), dtype=object)


def _clusters(windows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the number of each window's cluster: windows that share bases, also in a chain."""
    arrops: Any = require("bioframe.core.arrops", extra="genome")
    clusters = np.zeros(len(windows), dtype=np.int64)
    starts, ends = windows["start"].to_numpy(np.int64), windows["end"].to_numpy(np.int64)
    n_clusters = 0
    for rows in windows.groupby("chromosome").indices.values():
        own, first, _ = arrops.merge_intervals(starts[rows], ends[rows], min_dist=None)
        clusters[rows] = own + n_clusters
        n_clusters += len(first)
    return clusters
