"""Base codes to one-hot, on whatever device they lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqexpr.sequences import BASES, UNKNOWN, encode

__all__ = ["PADDING", "code_matrix", "mask_of", "one_hot"]

PADDING = UNKNOWN + 1
"""Code of a place where there is no base; ``UNKNOWN`` is a base that is not known."""


def code_matrix(sequences: object, *, length: int | None = None) -> npt.NDArray[np.uint8]:
    """Return base codes, one row a sequence, padded at the right.

    Parameters
    ----------
    sequences : list, array or Series of str, length n
        DNA.
    length : int, optional
        Number of columns, at least the length of the longest sequence, which
        it is by default; at least 1.

    Returns
    -------
    ndarray of uint8, shape (n, length)
        A, C, G, T = 0, 1, 2, 3; 4 = unknown; 5 = no base.

    Examples
    --------
    >>> code_matrix(["ACGT", "nA"]).tolist()
    [[0, 1, 2, 3], [4, 0, 5, 5]]
    """
    encoded = encode(sequences)
    lengths = encoded.lengths
    width = max(1, int(lengths.max(initial=0))) if length is None else length
    if len(lengths) and (lengths == width).all():
        return encoded.codes.reshape(len(lengths), width).copy()  # PyTorch wants to own it
    matrix = np.full((len(lengths), width), PADDING, dtype=np.uint8)
    matrix[np.arange(width) < lengths[:, None]] = encoded.codes
    return matrix


def one_hot(codes: Tensor, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return the one-hot code of base codes.

    Parameters
    ----------
    codes : Tensor of uint8, shape (n, length)
        As :func:`code_matrix` makes them, on any device.
    dtype : torch.dtype
        Of the result. Default float32.

    Returns
    -------
    Tensor, shape (n, 4, length)
        Channels A, C, G, T; all zero where the base is unknown or there is none.

    Examples
    --------
    >>> one_hot(torch.tensor([[1, 4]], dtype=torch.uint8))[0].T.tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    bases = torch.arange(len(BASES), dtype=torch.uint8, device=codes.device)
    return (codes[:, None, :] == bases[:, None]).to(dtype)


def mask_of(codes: Tensor, *, look: bool = True) -> Tensor | None:
    """Return 1 where there is a base and 0 where there is none, shape (n, 1, length).

    None where there is a base everywhere, so that networks need not look; not
    with `look` off, which spares a GPU the wait for the answer.

    Examples
    --------
    >>> mask_of(torch.tensor([[1, 5]], dtype=torch.uint8)).tolist()
    [[[1.0, 0.0]]]
    >>> mask_of(torch.tensor([[1, 4]], dtype=torch.uint8)) is None
    True
    """
    padded = codes == PADDING
    if look and not bool(padded.any()):
        return None
    return (~padded)[:, None, :].to(torch.float32)
