"""The test targets, sealed until the model is chosen, and then opened once.

Python cannot hide an object from somebody who digs through the cells of a
closure. What is held here is everything short of that: no attribute, no copy
and no call gives the targets but :meth:`SealedTest.open`, and after it they
are no longer there to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError, TestSetOpenedError

__all__ = ["SealedTest"]

Floats = npt.NDArray[np.float64]


def _seal(targets: Floats) -> Callable[[str, Mapping[str, Floats]], Floats]:
    """Return the only function that can give `targets`: once, and to a fair request."""
    held = [targets]

    def release(selected: str, predictions: Mapping[str, Floats]) -> Floats:
        if held:
            _check_request(selected, predictions, shape=held[0].shape)
        try:
            return held.pop()
        except IndexError:
            raise TestSetOpenedError(
                "the test set can be opened once, and it was: choosing among models by their "
                "test scores would make the scores too good; choose by out-of-fold score"
            ) from None

    return release


def _check_request(
    selected: str, predictions: Mapping[str, Floats], *, shape: tuple[int, ...]
) -> None:
    if selected not in predictions:
        raise InputError(f"the chosen model {selected!r} has no predictions of the test rows")
    for name, values in predictions.items():
        if np.shape(values) != shape:
            raise InputError(
                f"predictions of {name!r} have shape {np.shape(values)}, expected {shape}"
            )
        if not np.isfinite(values).all():
            raise InputError(f"predictions of {name!r} on the test rows are not all finite")


class SealedTest:
    """Keeps the test targets from the code that fits and chooses.

    The targets are held by a closure that forgets them when it is called; no
    attribute leads to them, and a sealed test cannot be copied or pickled. To
    open it, the caller names the model that was chosen and hands in the
    predictions of every model that shall be scored.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_test, t)
        Measured targets of the test rows; NaN = not measured. Copied.

    Examples
    --------
    >>> sealed = SealedTest(np.array([[1.0], [2.0]]))
    >>> sealed
    SealedTest(2 rows, 1 target, sealed)
    >>> sealed.open("ridge", {"ridge": np.array([[1.0], [1.5]])}).tolist()
    [[1.0], [2.0]]
    >>> sealed.open("ridge", {"ridge": np.array([[1.0], [2.0]])})
    Traceback (most recent call last):
        ...
    seqexpr.errors.TestSetOpenedError: the test set can be opened once, ...
    """

    __slots__ = ("_opened", "_release", "_shape")
    __test__ = False

    def __init__(self, targets: npt.ArrayLike) -> None:
        own = np.array(targets, dtype=np.float64)
        if own.ndim != 2:
            raise InputError(f"test targets have shape {own.shape}, expected (n_test, n_targets)")
        self._shape = own.shape
        self._release = _seal(own)
        self._opened = False

    def open(self, selected: str, predictions: Mapping[str, Floats]) -> Floats:
        """Return the targets, once.

        Parameters
        ----------
        selected : str
            Name of the model that was chosen.
        predictions : mapping of str to ndarray of float64, shape (n_test, t)
            Finite predictions of every model that will be scored.

        Returns
        -------
        ndarray of float64, shape (n_test, t)
            The measured targets.

        Raises
        ------
        InputError
            If a prediction has the wrong shape or is not finite, or the chosen
            model has none. The test stays sealed.
        TestSetOpenedError
            At the second call.
        """
        targets = self._release(selected, predictions)
        self._opened = True
        return targets

    def __repr__(self) -> str:
        rows, targets = self._shape
        noun = "target" if targets == 1 else "targets"
        state = "opened" if self._opened else "sealed"
        return f"SealedTest({rows:,} rows, {targets} {noun}, {state})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealed test set cannot be copied or pickled")

    def __copy__(self) -> NoReturn:
        self.__reduce__()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()
