"""The built-in kernel models as scikit-learn pipelines."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.features.group_kernel import GroupKernel
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.models.gaussian_process import GaussianProcessRegressor
from seqexpr.models.kernels import KernelRidgeRegressor
from seqexpr.models.svr import GkmSVR

__all__ = ["gaussian_process", "gkm_svr", "kernel_ridge", "words_and_places"]


def _over_strings(regressor: object) -> Pipeline:
    return Pipeline([("features", "passthrough"), ("regressor", regressor)])


def kernel_ridge(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build kernel ridge regression on gapped k-mers, which may act together."""
    # Inside train, on 1,200 rows of two measured libraries, shorter words with the exponential
    # did better than longer ones, with or without it.
    kernel = GkmKernel(l=6, k=4, gamma=2.0)
    return _over_strings(KernelRidgeRegressor(kernel, n_jobs=n_jobs, random_state=random_state))


def gkm_svr(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build support vector regression on gapped k-mers of both strands."""
    kernel = GkmKernel(l=6, k=4, strands="both", gamma=2.0)
    return _over_strings(GkmSVR(kernel, n_jobs=n_jobs, random_state=random_state))


def words_and_places() -> GroupKernel:
    """Return the kernel of bases by position, words near a place, and words anywhere.

    Examples
    --------
    >>> [name for name, _ in words_and_places().features]
    ['site', 'near2', 'near3', 'words1', 'words2', 'words3', 'words4']
    """
    return GroupKernel(
        [
            ("site", OneHot()),
            ("near2", PositionalKmers(2, width=2)),
            ("near3", PositionalKmers(3, width=2)),
            *((f"words{k}", KmerCounter(k)) for k in (1, 2, 3, 4)),
        ]
    )


def gaussian_process(*, random_state: int, n_jobs: int) -> Pipeline:
    """Build a Gaussian process on bases by position, words near a place, and words anywhere."""
    del n_jobs
    return _over_strings(GaussianProcessRegressor(words_and_places(), random_state=random_state))
