"""How a network is trained, as objects with types and defaults; PyTorch is not needed for these."""

from __future__ import annotations

from typing import Literal

from sklearn.base import BaseEstimator

from seqexpr.errors import InputError, did_you_mean
from seqexpr.features._base import is_int

__all__ = ["LOSSES", "STRANDS", "Augmentation", "Training"]

LOSSES = ("squared", "huber", "gaussian", "bins")
STRANDS = ("as_given", "augment", "average")


class Training(BaseEstimator):
    """The loss, and how it is brought down.

    Parameters
    ----------
    n_epochs : int, default 15
        Times that every row is seen at most, at least 1.
    batch_size : int, default 128
        Rows of a step, at least 1.
    learning_rate : float, default 0.003
        The highest of the one-cycle schedule, positive.
    weight_decay : float, default 0.01
        Of AdamW, at least 0.
    loss : {"squared", "huber", "gaussian", "bins"}, default "squared"
        Squared error; squared up to one standard deviation of the target and
        linear beyond; the likelihood of a normal distribution whose variance
        is predicted too; or soft bins: the distribution over 18 classes of the
        target, of which the mean is predicted.
    averaging : float, default 0.99
        Share of the averaged weights that is kept in a step (exponential
        moving average), in [0, 1); 0 = no averaging. The averaged weights are
        what is validated and kept.
    validation_share : float, default 0.1
        Share of the rows, groups kept whole, that decide which epoch's weights
        are kept, in [0, 0.5]; 0 = the last's, and all rows are trained on.
    patience : int, default 6
        Epochs without a better one after which training ends, at least 1.
    mixup : float, default 0.0
        Parameter of the beta distribution that two rows are mixed by; 0 = not.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled weight decay regularization, ICLR.
    Smith & Topin (2018), Super-convergence, arXiv:1708.07120. Tarvainen &
    Valpola (2017), Mean teachers, NeurIPS, equation 3 (averaged weights).
    Nix & Weigend (1994), Estimating the mean and variance of the target
    probability distribution, ICNN ("gaussian"). Penzar et al. (2023), LegNet,
    Bioinformatics 39:btad457 ("bins"). Zhang et al. (2018), mixup, ICLR.
    """

    def __init__(
        self, *, n_epochs: int = 15, batch_size: int = 128, learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        loss: Literal["squared", "huber", "gaussian", "bins"] = "squared",
        averaging: float = 0.99, validation_share: float = 0.1, patience: int = 6,
        mixup: float = 0.0,
    ) -> None:  # fmt: skip
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.loss = loss
        self.averaging = averaging
        self.validation_share = validation_share
        self.patience = patience
        self.mixup = mixup

    def check(self) -> None:
        """Raise InputError unless every parameter is in range."""
        for name in ("n_epochs", "batch_size", "patience"):
            _require(self, name, is_int(getattr(self, name)) and getattr(self, name) >= 1,
                     "a whole number of at least 1")  # fmt: skip
        _require(self, "learning_rate", self.learning_rate > 0, "positive")
        for name in ("weight_decay", "mixup"):
            _require(self, name, getattr(self, name) >= 0, "at least 0")
        _require(self, "averaging", 0 <= self.averaging < 1, "in [0, 1)")
        _require(self, "validation_share", 0 <= self.validation_share <= 0.5, "in [0, 0.5]")
        _require_one_of(self, "loss", LOSSES)


class Augmentation(BaseEstimator):
    """What is done to a sequence each time it is trained on.

    Parameters
    ----------
    strands : {"as_given", "augment", "average"}, default "as_given"
        "as_given": sequences are read as they stand, which is right for
        promoters, whose strand matters. "augment": in training half of them
        are reverse-complemented. "average": that too, and a prediction is the
        mean over both strands, so that they have the same.
    shift : int, default 0
        Bases by which the window over a construct is moved at random, at most
        what its flanks have.
    mutations : float, default 0.0
        Share of the bases that are replaced by others, in [0, 1].
    insertion, deletion, inversion : int, default 0
        Longest stretch that is inserted, deleted or reverse-complemented; the
        length is kept by cutting at the end, or by random bases there. 0 = not.
    finetune_share : float, default 0.0
        Share of the epochs, at the end, in which nothing of this is done but
        strands and shift (the second stage of EvoAug), in [0, 1].

    References
    ----------
    Lee, Tang, Koo et al. (2023), EvoAug: improving generalization and
    interpretability of genomic deep neural networks with evolution-inspired
    data augmentations, Genome Biology 24:105.
    """

    def __init__(
        self, *, strands: Literal["as_given", "augment", "average"] = "as_given", shift: int = 0,
        mutations: float = 0.0, insertion: int = 0, deletion: int = 0, inversion: int = 0,
        finetune_share: float = 0.0,
    ) -> None:  # fmt: skip
        self.strands = strands
        self.shift = shift
        self.mutations = mutations
        self.insertion = insertion
        self.deletion = deletion
        self.inversion = inversion
        self.finetune_share = finetune_share

    def check(self) -> None:
        """Raise InputError unless every parameter is in range."""
        for name in ("shift", "insertion", "deletion", "inversion"):
            _require(self, name, is_int(getattr(self, name)) and getattr(self, name) >= 0,
                     "a whole number of at least 0")  # fmt: skip
        for name in ("mutations", "finetune_share"):
            _require(self, name, 0 <= getattr(self, name) <= 1, "in [0, 1]")
        _require_one_of(self, "strands", STRANDS)


def _require(settings: BaseEstimator, name: str, holds: bool, wanted: str) -> None:
    if not holds:
        found = getattr(settings, name)
        raise InputError(f"{type(settings).__name__}: {name} = {found!r}: must be {wanted}")


def _require_one_of(settings: BaseEstimator, name: str, known: tuple[str, ...]) -> None:
    found = str(getattr(settings, name))
    if found not in known:
        listed = ", ".join(map(repr, known))
        raise InputError(
            f"{type(settings).__name__}: {name} = {found!r}: must be one of {listed}"
            f"{did_you_mean(found, known)}"
        )
