"""Networks over DNA as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from seqexpr.data.inputs import SEQUENCE, has_covariates, sequences_of
from seqexpr.errors import InputError
from seqexpr.features._base import is_int
from seqexpr.models.measured import check_targets
from seqexpr.models.nets.configs import CompactCNN, Network
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.models.training.weights import read_network
from seqexpr.optional import require
from seqexpr.sequences import as_strings

if TYPE_CHECKING:
    from seqexpr.models.training.members import FittedMembers, Members
    from seqexpr.models.training.sources import RowSource

__all__ = ["NeuralRegressor"]

Floats = npt.NDArray[np.float64]
Weights = dict[str, npt.NDArray[Any]]


class NeuralRegressor(RegressorMixin, BaseEstimator):
    """A network, or several, from DNA sequences of any length to one target or many.

    Needs the extra ``deep`` (PyTorch). Sequences are kept as bytes; the one-hot
    code is made for each batch, on the device. A sequence is never padded into
    its score: what lies beyond its end is hidden from every layer.

    Parameters
    ----------
    network : Network, optional
        Its form, one of :mod:`seqexpr.models.nets.configs`; by default
        :class:`~seqexpr.models.nets.configs.CompactCNN`.
    training : Training, optional
        Loss, schedule and early stopping; see
        :class:`~seqexpr.models.training.settings.Training`.
    augmentation : Augmentation, optional
        What is done to sequences in training, and which strands are read; see
        :class:`~seqexpr.models.training.settings.Augmentation`.
    left_flank, right_flank : str, default ""
        What the construct has beside every sequence; read with it.
    n_members : int, default 1
        Networks that are averaged, at least 1, each from its own start and
        without another part of the rows.
    n_snapshots : int, default 1
        Networks that are kept of each, at least 1, from as many cycles of the
        learning rate: a cheap ensemble.
    init_from : str, default ""
        A weights.safetensors whose first network this one starts from; empty =
        from random weights. Its form is then the default of `network`, and must
        be the same. The head is new where it gives other numbers.
    frozen_epochs : int, default 0
        First epochs in which all but the head stays as it is, at least 0.
    device : {"auto", "cpu", "cuda"}, default "auto"
        Where it is trained and predicts; "auto" = the GPU if there is one.
    n_devices : int, default 1
        GPUs (or, on a processor, processes) that share each batch in training,
        at least 1. The rows of a batch are normalised on each by themselves, and
        gradients are added up across them: another number is another fit, the same
        number and seed give the same weights. Where
        :class:`~seqexpr.models.training.context.TrainingContext` has a launcher,
        that decides.
    n_jobs : int, default 1
        Threads of the processor.
    random_state : int, default 42
        Seed.

    Attributes
    ----------
    weights_ : list of dict of str to ndarray
        The weights of each member, by PyTorch's names.
    form_ : Network
        What it looks like.
    center_, scale_ : ndarray of float64, shape (t,)
        Mean and standard deviation that targets were scaled by.
    history_ : list of ndarray of float64, shape (epochs, 3)
        Of each member: loss, validated squared error (in squared standard
        deviations of the target) and correlation; one entry a start.
    n_targets_ : int
        Number of targets, t; 0 if y was one-dimensional.
    n_covariates_ : int
        Columns beside the sequence.

    Notes
    -----
    Targets share all layers but the last, so with several targets each is
    predicted with what the others taught; a row counts where it was measured.

    Examples
    --------
    >>> model = NeuralRegressor(training=Training(n_epochs=40), random_state=0)
    >>> model = model.fit(["ACGTAC", "TTTTTT", "ACGTTT", "TTTTAA"] * 10, [1, 0, 1, 0] * 10)
    >>> bool(model.predict(["ACGTAT"])[0] > model.predict(["TTTTAT"])[0])
    True

    References
    ----------
    Lakshminarayanan, Pritzel & Blundell (2017), Simple and scalable predictive
    uncertainty estimation using deep ensembles, NeurIPS. Huang et al. (2017),
    Snapshot ensembles, ICLR.
    """

    reads_covariates = True
    """Whether it reads numbers beside the sequence."""
    shares_targets = True
    """Whether targets teach each other."""
    is_single_precision = True
    """Whether predictions are good to about 1e-5 of the target's deviation."""

    def __init__(  # noqa: PLR0913 - what else belongs together is an object of its own
        self,
        network: Network | None = None,
        *,
        training: Training | None = None,
        augmentation: Augmentation | None = None,
        left_flank: str = "",
        right_flank: str = "",
        n_members: int = 1,
        n_snapshots: int = 1,
        init_from: str = "",
        frozen_epochs: int = 0,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        n_devices: int = 1,
        n_jobs: int = 1,
        random_state: int = 42,
    ) -> None:
        self.network = network
        self.training = training
        self.augmentation = augmentation
        self.left_flank = left_flank
        self.right_flank = right_flank
        self.n_members = n_members
        self.n_snapshots = n_snapshots
        self.init_from = init_from
        self.frozen_epochs = frozen_epochs
        self.device = device
        self.n_devices = n_devices
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train all members.

        Parameters
        ----------
        X : list, array or Series of str, length n, or DataFrame of n rows
            DNA sequences; or a column ``sequence`` of them, and scaled numbers
            beside it, which join after the convolutions.
        y : array-like of float, shape (n,) or (n, t)
            Targets; NaN = not measured.
        sample_weight : array-like of float, shape (n,), optional
            Non-negative weights; rows of weight 0 are left out.
        groups : array-like, shape (n,), optional
            Group of each row; rows of a group are all trained on or all
            validated.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If lengths differ, a target is infinite or has no measured row, a
            weight is negative, or a parameter is out of range.
        MissingExtraError
            If PyTorch is not installed.
        """
        self._open_extra()
        from seqexpr.models.training.members import fit_members

        sequences, beside = self._split_input(X)
        targets, weights, labels = check_targets(len(sequences), y, sample_weight, groups)
        table = targets.reshape(len(targets), -1)
        fitted = fit_members(
            self, sequences, table, covariates=beside, weights=weights, groups=labels
        )
        self.n_targets_ = 0 if targets.ndim == 1 else int(targets.shape[1])
        self.n_covariates_ = 0 if beside is None else int(beside.shape[1])
        return self._keep_fitted(fitted)

    def fit_streamed(self, source: RowSource) -> Self:
        """Train all members on rows that do not fit in memory.

        Each is trained on all rows, in an order of its own, and validated on the
        same: `validation_share` is not asked.

        Parameters
        ----------
        source : RowSource
            The rows; see :class:`seqexpr.models.training.sources.RowSource`.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a parameter is out of range.
        MissingExtraError
            If PyTorch is not installed.
        """
        self._open_extra()
        from seqexpr.models.training.members import fit_streamed_members

        fitted = fit_streamed_members(self, source)
        self.n_targets_ = 0 if source.n_targets == 1 else source.n_targets
        self.n_covariates_ = 0
        return self._keep_fitted(fitted)

    def _open_extra(self) -> None:
        """Ask for PyTorch, and forget an earlier fit."""
        for module in ("torch", "lightning_fabric", "safetensors"):
            require(module, extra="deep")
        self.__dict__.pop("form_", None)
        self._check_parameters()

    def _keep_fitted(self, fitted: FittedMembers) -> Self:
        self.form_ = self.resolved()[0]
        self.weights_ = fitted.weights
        self.center_, self.scale_ = fitted.center, fitted.scale
        self.history_ = fitted.history
        self._opened: Members | None = None
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the mean over all members, and on request how far they lie apart.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        return_std : bool, default False
            Whether to return the standard deviation as well: over members, and
            with the losses "gaussian" and "bins" what a member itself expects.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, t), or two of these
            In target units.
        """
        check_is_fitted(self, "weights_")
        sequences, beside = self._split_input(X)
        self._check_width(beside)
        mean, deviation = self._members().predict(sequences, beside)
        if not self.n_targets_:
            mean, deviation = mean[:, 0], deviation[:, 0]
        return (mean, deviation) if return_std else mean

    def members_predict(self, X: Any) -> Floats:
        """Return the prediction of each member, shape (members, n) or (members, n, t)."""
        check_is_fitted(self, "weights_")
        sequences, beside = self._split_input(X)
        self._check_width(beside)
        each = self._members().predict_each(sequences, beside)
        return each if self.n_targets_ else each[:, :, 0]

    def mutation_effects(self, X: Any, *, on_done: Callable[[int], None] | None = None) -> Floats:
        """Return the change of each member's prediction by each change of a base.

        The compact network looks only where a change reaches; others are run on
        every changed sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences of known bases.
        on_done : callable, optional
            Told how many sequences are done, from time to time.

        Returns
        -------
        ndarray of float64, shape (members, n, t, 4, width)
            In target units; 0 for the base that is there, and after the end.

        Raises
        ------
        InputError
            If a base is not known, or the network reads covariates.
        """
        check_is_fitted(self, "weights_")
        self._check_width(None)
        members = self._members()
        from seqexpr.models.training.mutating import mutate_networks

        return mutate_networks(members, as_strings(X), on_done=on_done)

    def resolved(self) -> tuple[Network, Training, Augmentation]:
        """Return its form, training and augmentation, defaults filled in."""
        if self.network is None and self.init_from:
            form = read_network(self.init_from).form if not hasattr(self, "form_") else self.form_
        else:
            form = CompactCNN() if self.network is None else self.network
        return (
            clone(form),
            Training() if self.training is None else clone(self.training),
            Augmentation() if self.augmentation is None else clone(self.augmentation),
        )

    def _members(self) -> Members:
        opened = self.__dict__.get("_opened")
        if opened is None:
            for module in ("torch", "safetensors"):
                require(module, extra="deep")
            from seqexpr.models.training.members import Members

            opened = self._opened = Members.of(self)
        return opened

    def _check_width(self, beside: npt.NDArray[np.float32] | None) -> None:
        found = 0 if beside is None else beside.shape[1]
        if found != self.n_covariates_:
            raise InputError(
                f"X has {found} numbers beside the sequence, the model was fitted with "
                f"{self.n_covariates_}"
            )

    @staticmethod
    def _split_input(X: Any) -> tuple[list[str], npt.NDArray[np.float32] | None]:
        """Return the sequences, and the numbers beside them where X is a DataFrame."""
        if not has_covariates(X):
            return as_strings(X), None
        numbers = X.drop(columns=SEQUENCE).to_numpy(dtype=np.float32, copy=True)
        return sequences_of(X).tolist(), np.ascontiguousarray(numbers)

    def _check_parameters(self) -> None:
        for name in ("n_members", "n_snapshots", "n_devices", "n_jobs"):
            if not (is_int(getattr(self, name)) and getattr(self, name) >= 1):
                raise InputError(f"{name} = {getattr(self, name)!r}: must be at least 1")
        if not (is_int(self.frozen_epochs) and self.frozen_epochs >= 0):
            raise InputError(f"frozen_epochs = {self.frozen_epochs!r}: must be at least 0")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device = {self.device!r}: must be 'auto', 'cpu' or 'cuda'")
        network, training, augmentation = self.resolved()
        for part in (network, training, augmentation):
            part.check()
        short = min(len(self.left_flank), len(self.right_flank))
        if augmentation.shift > short:
            raise InputError(
                f"Augmentation: shift = {augmentation.shift}: the window can move as far as the "
                f"flanks reach, which is {short}; name longer flanks or shift less"
            )
        if self.n_snapshots > training.n_epochs:
            raise InputError(
                f"n_snapshots = {self.n_snapshots}: must be at most n_epochs = {training.n_epochs}"
            )

    def __getstate__(self) -> dict[str, Any]:
        # Opened networks are PyTorch's; their weights are what is kept.
        state = dict(super().__getstate__())
        state.pop("_opened", None)
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags
