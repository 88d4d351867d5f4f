"""Learners: the models that a candidate can put on top of its blocks of features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seqexpr.features.gkm_kernel import GkmKernel
from seqexpr.models.gaussian_process import GaussianProcessRegressor
from seqexpr.models.global_epistasis import GlobalEpistasisRegressor
from seqexpr.models.kernel_pipelines import words_and_places
from seqexpr.models.kernels import KernelRidgeRegressor
from seqexpr.models.nets.configs import CompactCNN, Dilated, LegNet, Network
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.neural_pipelines import transfer
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.models.trees import LightGBMRegressor
from seqexpr.search.blocks import NONE

__all__ = ["LEARNERS", "SETS", "Learner", "Setting"]

SETS = "*"
"""Stands for each set of motifs of the library."""


@dataclass(frozen=True)
class Setting:
    """A number or a word that a learner can be tuned by.

    Attributes
    ----------
    default : float, int or str
        Value where nothing is said.
    low, high : float or int
        Range, ends included, where it is a number.
    log : bool
        Whether its logarithm is what matters.
    choices : tuple of str
        Values where it is a word.
    """

    default: Any
    low: Any = None
    high: Any = None
    log: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learner:
    """A kind of model.

    Attributes
    ----------
    name, title : str
        Name of the choice, and what it is, for people.
    complexity : int
        Its place on the ladder; simpler learners have lower numbers.
    blocks : mapping of str to tuple of str
        Blocks of features it can take, and their choices; the first choice
        is the default.
    build : callable
        ``build(settings, random_state, n_jobs)`` returns an unfitted regressor.
    settings : mapping of str to Setting
        What it can be tuned by.
    strands : bool
        Whether counting both strands as one is a choice.
    by_position : bool
        Whether it makes sense for aligned libraries only.
    title_of : callable, optional
        ``title_of(settings)``: a title that says more of a candidate.
    extra : str or None
        The extra of seqexpr that it needs; left out where that is not installed.
    transfers : bool
        Whether it goes on from a network of another run.
    most_rows, most_bases : int or None
        Train rows, and bases of the longest sequence, above which it is left
        out.
    """

    name: str
    title: str
    complexity: int
    blocks: Mapping[str, tuple[str, ...]]
    build: Callable[[Mapping[str, Any], int, int], Any]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    strands: bool = True
    by_position: bool = False
    title_of: Callable[[Mapping[str, Any]], str] | None = None
    extra: str | None = None
    transfers: bool = False
    most_rows: int | None = None
    most_bases: int | None = None


def _ridge(settings: Mapping[str, Any], random_state: int, n_jobs: int) -> RidgePathRegressor:
    return RidgePathRegressor(
        column_scale=settings["column_scale"], n_jobs=n_jobs, random_state=random_state
    )


def _trees(settings: Mapping[str, Any], random_state: int, n_jobs: int) -> LightGBMRegressor:
    return LightGBMRegressor(
        n_estimators=settings["n_estimators"],
        learning_rate=settings["learning_rate"],
        num_leaves=settings["num_leaves"],
        min_child_samples=settings["min_child_samples"],
        colsample_bytree=settings["colsample_bytree"],
        reg_lambda=settings["reg_lambda"],
        enable_bundle=False,
        random_state=random_state,
        n_jobs=n_jobs,
    )


def _global_epistasis(
    settings: Mapping[str, Any], random_state: int, n_jobs: int
) -> GlobalEpistasisRegressor:
    return GlobalEpistasisRegressor(
        n_latent=settings["n_latent"],
        n_units=settings["n_units"],
        n_members=settings["n_members"],
        n_jobs=n_jobs,
        random_state=random_state,
    )


def _kernel_ridge(
    settings: Mapping[str, Any], random_state: int, n_jobs: int
) -> KernelRidgeRegressor:
    window, fixed = map(int, settings["word"].split(","))
    kernel = GkmKernel(
        l=window, k=fixed, strands=settings["kernel_strands"], gamma=settings["gamma"]
    )
    return KernelRidgeRegressor(
        kernel, n_landmarks=settings["n_landmarks"], n_jobs=n_jobs, random_state=random_state
    )


def _gaussian_process(
    settings: Mapping[str, Any], random_state: int, n_jobs: int
) -> GaussianProcessRegressor:
    return GaussianProcessRegressor(
        words_and_places(), n_learn=settings["n_learn"], random_state=random_state
    )


_FORMS = {
    "compact_cnn": "Compact convolutional network",
    "legnet": "LegNet",
    "dilated": "Dilated convolutions",
}


_FEWEST_WAITED = 3


def _patience(n_epochs: int) -> int:
    """Return the epochs without a better one that a network waits: half of them.

    Scores stand still or fall while the rate is high, and rise when it falls. On yeast 20 epochs
    of LegNet 64 were ended by a patience of 3 in the fourth, R² .60; waiting made it .78.
    """
    return max(_FEWEST_WAITED, n_epochs // 2)


def _network(settings: Mapping[str, Any], random_state: int, n_jobs: int) -> NeuralRegressor:
    size, places = settings["size"], settings["n_places"]
    dropout = settings["dropout"]
    form: Network
    if settings["form"] == "legnet":
        blocks = tuple(round(width * size / 64) for width in (80, 96, 112, 128))
        form = LegNet(
            stem_channels=size, stem_pool=settings["stem_pool"], block_channels=blocks,
            n_places=places, dropout=dropout,
        )  # fmt: skip
    elif settings["form"] == "dilated":
        form = Dilated(n_channels=size, n_places=places, dropout=dropout)
    else:
        form = CompactCNN(n_channels=size, n_places=places, dropout=dropout)
    training = Training(
        n_epochs=settings["n_epochs"],
        batch_size=settings["batch_size"],
        learning_rate=settings["learning_rate"],
        loss=settings["loss"],
        patience=_patience(settings["n_epochs"]),
    )
    augmentation = Augmentation(
        strands=settings["read_strands"], mutations=settings["mutations"], finetune_share=0.2
    )
    return NeuralRegressor(
        form, training=training, augmentation=augmentation, n_jobs=n_jobs,
        random_state=random_state,
    )  # fmt: skip


def _transfer(settings: Mapping[str, Any], random_state: int, n_jobs: int) -> Any:
    regressor = transfer(random_state=random_state, n_jobs=n_jobs)["regressor"]
    regressor.training.set_params(
        n_epochs=settings["n_epochs"], learning_rate=settings["learning_rate"]
    )
    return regressor.set_params(frozen_epochs=settings["frozen_epochs"])


_ALL = (
    Learner(
        name="ridge",
        title="Ridge",
        complexity=30,
        blocks={
            "kmers": ("1-6", NONE, "1-4", "1-5", "1-7"),
            "gapped": (NONE, "6,4", "7,4", "8,4", "7,5"),
            "positional": (NONE, "1-3/5", "1-3/10", "1-4/10", "1-3/1"),
            "onehot": (NONE, "left", "right"),
            "motifs": (NONE, SETS),
            "pairs": (NONE, "100", "300", "1000"),
            "patches": (NONE, "10,128", "8,256"),
        },
        settings={"column_scale": Setting("sqrt_std", choices=(NONE, "sqrt_std", "std"))},
        build=_ridge,
    ),
    Learner(
        name="trees",
        title="Boosted trees",
        complexity=40,
        blocks={
            "kmers": ("1-5", NONE, "1-3", "1-4", "1-6"),
            "gapped": (NONE, "6,4", "5,3", "7,4"),
            "positional": (NONE, "1-3/5", "1-3/10", "1-3/1", "1-2/1"),
            "onehot": (NONE, "left", "right"),
            "motifs": (NONE, SETS),
            "windows": (NONE, "10", "20"),
            "patches": (NONE, "10,128", "8,256"),
        },
        settings={
            "n_estimators": Setting(250, 100, 1500, log=True),
            "learning_rate": Setting(0.07, 0.01, 0.2, log=True),
            "num_leaves": Setting(31, 4, 127, log=True),
            "min_child_samples": Setting(20, 5, 100, log=True),
            "colsample_bytree": Setting(0.2, 0.02, 1.0, log=True),
            "reg_lambda": Setting(20.0, 0.1, 200.0, log=True),
        },
        build=_trees,
    ),
    Learner(
        name="epistasis",
        title="Global epistasis",
        complexity=50,
        blocks={
            "onehot": ("right", "left", NONE),
            "positional": (NONE, "1-3/1", "1-2/1", "1-3/5"),
        },
        settings={
            "n_latent": Setting(4, 1, 8),
            "n_units": Setting(16, 4, 32, log=True),
            "n_members": Setting(4, 2, 6),
        },
        strands=False,
        by_position=True,
        build=_global_epistasis,
    ),
    Learner(
        name="kernel_ridge",
        title="Kernel ridge on gapped k-mers",
        complexity=45,
        blocks={},
        settings={
            "word": Setting("6,4", choices=("6,4", "5,4", "7,5", "8,6")),
            "kernel_strands": Setting("single", choices=("single", "both")),
            "gamma": Setting(2.0, 0.5, 8.0, log=True),
            "n_landmarks": Setting(2000, 1000, 4000, log=True),
        },
        strands=False,
        build=_kernel_ridge,
    ),
    Learner(
        name="gaussian_process",
        title="Gaussian process on bases, places and words",
        complexity=48,
        blocks={},
        settings={"n_learn": Setting(1500, 800, 2500)},
        strands=False,
        by_position=True,
        most_rows=20_000,
        most_bases=40,  # on 110 bases it took minutes to learn from 1,500 rows, on 9 half a minute
        build=_gaussian_process,
    ),
    Learner(
        name="network",
        title="Network",
        complexity=60,
        blocks={},
        settings={
            "form": Setting("compact_cnn", choices=tuple(_FORMS)),
            "size": Setting(64, 16, 128, log=True),
            "stem_pool": Setting(1, 1, 3),  # of LegNet
            "n_places": Setting(16, 1, 32, log=True),
            "dropout": Setting(0.2, 0.0, 0.5),
            "n_epochs": Setting(8, 4, 30, log=True),
            "batch_size": Setting(32, 16, 256, log=True),
            "learning_rate": Setting(0.003, 0.001, 0.02, log=True),
            "loss": Setting("squared", choices=("squared", "huber", "bins")),
            "read_strands": Setting("as_given", choices=("as_given", "augment", "average")),
            "mutations": Setting(0.0, 0.0, 0.1),
        },
        strands=False,
        title_of=lambda settings: _FORMS[str(settings["form"])],
        extra="deep",
        build=_network,
    ),
    Learner(
        name="transfer",
        title="Network from another run",
        complexity=61,
        blocks={},
        settings={
            "n_epochs": Setting(15, 6, 40, log=True),
            "learning_rate": Setting(0.001, 0.0002, 0.005, log=True),
            "frozen_epochs": Setting(3, 0, 6),
        },
        strands=False,
        extra="deep",
        transfers=True,
        build=_transfer,
    ),
)
LEARNERS = {one.name: one for one in sorted(_ALL, key=lambda one: one.complexity)}
"""Every learner by name, simplest first."""
