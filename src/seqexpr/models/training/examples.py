"""Rows as networks are trained on them: bytes, scaled targets, weights, covariates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqexpr.models.nets.encoding import PADDING, mask_of, one_hot

__all__ = ["Batch", "Batches", "Examples", "Feed", "Rows", "to_input"]

_RESIDENT = 2 * 2**30
"""Bytes of codes up to which all rows are kept on the device."""


class Batches(Protocol):
    """Gives the rows of an epoch, batch by batch, on a device."""

    def epoch(
        self, seed: Sequence[int], *, size: int, skip: int = 0, share: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """Yield batches of `size` rows in the order of `seed`, after `skip` batches.

        Of several processes (`share`: number and count) each has its own rows, equally many.
        """
        ...


class Rows(Protocol):
    """Rows to train on, in memory or not."""

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        ...

    @property
    def n_covariates(self) -> int:
        """Numbers beside the sequence."""
        ...

    def __len__(self) -> int: ...

    def feed(self, device: torch.device) -> Batches:
        """Return what gives them to a network on a device."""
        ...

    def fingerprint(self) -> str:
        """Return a digest of the rows."""
        ...


@dataclass(frozen=True, eq=False)
class Examples:
    """n rows in memory.

    Attributes
    ----------
    codes : ndarray of uint8, shape (n, length)
        As :func:`seqexpr.models.nets.encoding.code_matrix` makes them.
    targets : ndarray of float32, shape (n, t)
        Scaled; NaN = not measured.
    weights : ndarray of float32, shape (n,)
        Non-negative.
    covariates : ndarray of float32, shape (n, q), or None
        Scaled numbers beside the sequence.
    """

    codes: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    covariates: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return int(self.targets.shape[1])

    @property
    def n_covariates(self) -> int:
        """Numbers beside the sequence."""
        return 0 if self.covariates is None else int(self.covariates.shape[1])

    def feed(self, device: torch.device) -> Feed:
        """Return what gives them to a network on a device."""
        return Feed(self, device)

    def fingerprint(self) -> str:
        """Return a digest of the rows."""
        digest = hashlib.sha256()
        for array in (self.codes, self.targets, self.weights, self.covariates):
            if array is not None:
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def take(self, rows: npt.NDArray[np.int64]) -> Examples:
        """Return some rows."""
        beside = None if self.covariates is None else self.covariates[rows]
        return Examples(self.codes[rows], self.targets[rows], self.weights[rows], beside)


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of a step, on the device."""

    codes: Tensor
    targets: Tensor
    weights: Tensor
    covariates: Tensor | None
    is_full: bool
    """Whether every sequence is as long as the longest, so that nothing is to be hidden."""

    def __len__(self) -> int:
        return len(self.codes)


class Feed:
    """Batches of some rows, in any order, on a device.

    Bytes are small: up to 2 GiB of them lie on the device, and a batch is
    picked there. More stay in pinned memory, and the next batch is copied while
    the network works on the last.

    Parameters
    ----------
    examples : Examples
        All rows.
    device : torch.device
        Where the network is.
    """

    def __init__(self, examples: Examples, device: torch.device) -> None:
        parts = (examples.codes, examples.targets, examples.weights, examples.covariates)
        tensors = [None if part is None else torch.from_numpy(part) for part in parts]
        # Known here, so that no batch has to be looked at on the device.
        self.lengths = (examples.codes != PADDING).sum(axis=1)
        self.device = device
        self.resident = device.type == "cpu" or examples.codes.nbytes <= _RESIDENT
        if self.resident:
            self._parts = [None if part is None else part.to(device) for part in tensors]
        else:
            self._parts = [None if part is None else part.pin_memory() for part in tensors]

    def epoch(
        self, seed: Sequence[int], *, size: int, skip: int = 0, share: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """Yield all rows in the order of `seed`; see :class:`Batches`."""
        order = np.random.default_rng(seed).permutation(len(self.lengths))
        number, count = share
        if count > 1:  # some rows twice if need be, so that all processes have equally many
            order = np.resize(order, -(-order.size // count) * count)[number::count]
        yield from self.batches(order[skip * size :], size)

    def batches(self, order: npt.NDArray[np.int64], size: int) -> Iterator[Batch]:
        """Yield the rows of `order`, `size` at a time, each batch as wide as its longest row."""
        order = np.ascontiguousarray(order)
        rows = torch.from_numpy(order)
        rows = rows.to(self.device) if self.resident else rows
        ahead: Batch | None = None
        for start in range(0, len(order), size):
            part = slice(start, start + size)
            batch = self._pick(rows[part], self.lengths[order[part]])
            if self.resident:
                yield batch
                continue
            if ahead is not None:  # the copy of the next runs while this one is worked on
                yield ahead
            ahead = batch
        if ahead is not None:
            yield ahead

    def _pick(self, rows: Tensor, lengths: npt.NDArray[np.int64]) -> Batch:
        picked = [None if part is None else part[rows] for part in self._parts]
        if not self.resident:
            picked = [
                None if part is None else part.pin_memory().to(self.device, non_blocking=True)
                for part in picked
            ]
        codes, targets, weights, beside = picked
        if codes is None or targets is None or weights is None:
            raise RuntimeError("codes, targets and weights are always there")
        longest = max(1, int(lengths.max()))
        is_full = bool(lengths.min() == longest)
        return Batch(codes[:, :longest], targets, weights, beside, is_full)


def trim(codes: Tensor) -> Tensor:
    """Return codes without the columns at the right in which no row has a base; one is left."""
    if not bool((codes[:, -1] == PADDING).all()):
        return codes
    width = int((codes != PADDING).sum(dim=1).amax())
    return codes[:, : max(1, width)]


def to_input(
    codes: Tensor, *, is_full: bool | None = None, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor | None]:
    """Return the one-hot code and the mask of base codes.

    Parameters
    ----------
    codes : Tensor of uint8, shape (n, length)
        Base codes.
    is_full : bool, optional
        Whether every sequence is as long as the longest; None = look.
    dtype : torch.dtype
        Of the code. Default float32.
    """
    mask = None if is_full else mask_of(codes, look=is_full is None)
    return one_hot(codes, dtype=dtype), mask
