"""The Bundle: a trained model in memory, with everything that is known about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.bundle.columns import prediction_values
from seqexpr.bundle.intake import take_in
from seqexpr.data.covariates import Covariate, CovariateReading, read_covariates
from seqexpr.data.inputs import SEQUENCE, has_covariates, join_inputs, take_rows
from seqexpr.errors import InputError, SequenceError
from seqexpr.evaluation.calibration import Calibration
from seqexpr.sequences import as_strings, normalize, reverse_complement

if TYPE_CHECKING:
    import pandas as pd

    from seqexpr.bundle.manifest import Manifest, TargetInfo
    from seqexpr.models.targets import TargetTransform

__all__ = ["Bundle", "sequence_digests"]


def sequence_digests(sequences: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return eight-byte digests of sequences, the same for both strands.

    Parameters
    ----------
    sequences : iterable of str, length n
        DNA; case, U and white space make no difference.

    Returns
    -------
    ndarray of uint64, shape (n,)
        BLAKE2b, eight bytes, little-endian, of the strand that sorts first.

    Examples
    --------
    >>> a, b, c = sequence_digests(["AACG", "cguu", "AACC"])
    >>> bool(a == b), bool(a == c)
    (True, False)
    """
    digests = bytearray()
    for sequence in sequences:
        forward = normalize(sequence)
        canonical = min(forward, reverse_complement(forward))
        digests += hashlib.blake2b(canonical.encode(), digest_size=8).digest()
    return np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained model that was checked, ready to predict.

    Attributes
    ----------
    manifest : Manifest
        Everything the bundle says about itself.
    model : Pipeline
        The fitted model; predicts from sequences.
    path : Path
        Where it was loaded from.
    train_digests : ndarray of uint64, shape (m,)
        Digests of the training sequences, sorted.
    calibration : Calibration
        Prediction intervals and training domain, where they could be measured.
    """

    manifest: Manifest
    model: Any
    path: Path
    train_digests: npt.NDArray[np.uint64] = field(repr=False)
    calibration: Calibration = field(default=Calibration(None, None), repr=False)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the predicted quantities, length t."""
        return tuple(target.name for target in self.manifest.targets)

    @cached_property
    def transform(self) -> TargetTransform:
        """The scale that was modelled; puts new measurements on it."""
        from seqexpr.models.targets import TargetTransform

        return TargetTransform.from_dict(self.manifest.transform)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Columns that the model reads beside the sequence."""
        return tuple(Covariate(**dict(item)) for item in self.manifest.input.covariates)

    def predict(self, sequences: object, *, batch_size: int = 10_000) -> npt.NDArray[np.float64]:
        """Predict sequences.

        Lower case, U, gaps and white space are repaired as in training.
        Letters other than A, C, G, T are unknown bases.

        Parameters
        ----------
        sequences : list, array or Series of str, length n, or DataFrame
            DNA. A model with covariates needs a DataFrame of them, and a column
            ``sequence``.
        batch_size : int
            Sequences that are turned into features at a time, at least 1.
            Default 10,000.

        Returns
        -------
        ndarray of float64, shape (n, t)
            One column a target, in the order of `target_names`.

        Raises
        ------
        SequenceError
            If a sequence is empty or holds something that is not DNA.
        InputError
            If a covariate is missing, or a row has one that the model was not
            trained on.
        """
        clean, beside = self._checked(sequences)
        covariates = None if beside is None else beside.frame
        return self.predict_clean(clean, batch_size=batch_size, covariates=covariates)

    def predict_table(self, sequences: object) -> pd.DataFrame:
        """Predict sequences, and say how far to trust each prediction.

        Parameters
        ----------
        sequences : list, array or Series of str, length n, or DataFrame
            As for :meth:`predict`.

        Returns
        -------
        DataFrame, n rows
            ``predicted``, ``lower`` and ``upper``: the prediction and its
            interval (with several targets ``predicted_NAME``, … for each).
            ``in_domain``: whether the sequence is like those of training, and
            ``domain_score``: how unlike, 1 being the border. Empty where the
            bundle holds no intervals or no domain.

        Raises
        ------
        SequenceError, InputError
            As :meth:`predict`.
        """
        import pandas as pd

        clean, beside = self._checked(sequences)
        rows = np.ones(len(clean), dtype=bool)
        return pd.DataFrame(prediction_values(self, clean, rows, beside=beside))

    def _checked(self, inputs: object) -> tuple[list[str], CovariateReading | None]:
        """Return upper-case DNA, and the covariates where the model reads any."""
        if not self.manifest.input.covariates:
            return _checked(inputs), None
        names = ", ".join(repr(item.name) for item in self.covariates)
        if not has_covariates(inputs):
            raise InputError(
                f"the model reads {names} beside the sequence; pass a DataFrame with the columns "
                f"{SEQUENCE!r}, {names}"
            )
        frame: Any = inputs
        own = self.manifest.input.sequence_column
        column = own if SEQUENCE not in frame.columns and own in frame.columns else SEQUENCE
        if column not in frame.columns:
            raise InputError(f"no column {SEQUENCE!r}; pass a DataFrame with it and {names}")
        beside = read_covariates(frame, self.covariates)
        beside.check(self.covariates)
        return _checked(frame[column]), beside

    def predict_clean(
        self,
        sequences: list[str],
        *,
        batch_size: int = 10_000,
        covariates: pd.DataFrame | None = None,
    ) -> npt.NDArray[np.float64]:
        """Predict upper-case DNA, with typed covariates where the model reads them."""
        n_targets = len(self.manifest.targets)
        inputs: Any = sequences
        if covariates is not None:
            inputs = join_inputs(np.array(sequences, dtype=object), covariates)
        parts = [
            np.asarray(
                self.model.predict(take_rows(inputs, slice(i, i + batch_size))), dtype=np.float64
            )
            for i in range(0, len(sequences), max(1, batch_size))
        ]
        if not parts:
            return np.empty((0, n_targets))
        return np.concatenate([part.reshape(-1, n_targets) for part in parts])

    def count_seen(self, sequences: object) -> int:
        """Count the sequences that the model was trained on, in either orientation.

        Parameters
        ----------
        sequences : list, array or Series of str
            DNA.
        """
        return int(np.isin(sequence_digests(as_strings(sequences)), self.train_digests).sum())

    def __repr__(self) -> str:
        data, read = self.manifest.data, self.manifest.input
        low, high = read.min_length, read.max_length
        bases = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        lines = [
            f"Bundle of {self.manifest.model.title!r} ({self.manifest.model.name})",
            f"  predicts  {', '.join(_with_unit(target) for target in self.manifest.targets)}",
            f"  trained   on {data.n_train:,} sequences of {bases} bases from {data.source}",
        ]
        for score in self.manifest.scores:
            if (score.set, score.metric) == ("test", "pearson") and score.value is not None:
                interval = "" if score.low is None else f" [{score.low:.3f}, {score.high:.3f}]"
                lines.append(f"  test      Pearson {score.value:.3f}{interval}, {score.target}")
        lines.append(f"  written   {self.manifest.created} at {self.path}")
        return "\n".join(lines)


def _checked(sequences: object) -> list[str]:
    import pandas as pd

    intake = take_in(pd.Series(as_strings(sequences), dtype=object))
    for row, problem in enumerate(intake.problems):
        if problem:
            raise SequenceError(
                f"sequence {row}: {problem}; drop it, or use seqexpr predict, which keeps such "
                "rows and says why"
            )
    return intake.sequences


def _with_unit(target: TargetInfo) -> str:
    return f"{target.name} ({target.unit})" if target.unit else target.name
