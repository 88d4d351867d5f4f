"""The ladder: which models there are, what they are called, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqexpr.models import pipelines
from seqexpr.recipe import Preset
from seqexpr.registry import Registry

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = [
    "MODELS",
    "ModelSpec",
    "have_common_positions",
    "make_model",
    "preset_models",
]


@dataclass(frozen=True)
class ModelSpec:
    """A model by name.

    Attributes
    ----------
    name, title, description : str
        Registered name, short title, one plain sentence.
    is_baseline : bool
        Whether it is for comparison only and is never selected.
    complexity : int
        Rung of the ladder; simpler models have lower numbers.
    needs_equal_length : bool
        Whether it reads bases by position, which makes sense for sequences of
        one length.
    build : callable
        ``build(random_state=…, n_jobs=…)`` returns an unfitted Pipeline with
        the steps "features" and "regressor".
    reads_covariates : bool
        Whether it uses covariates where a table has them. Default True.
    """

    name: str
    title: str
    description: str
    is_baseline: bool
    complexity: int
    needs_equal_length: bool
    build: Callable[..., Pipeline]
    reads_covariates: bool = True


MODELS: Registry[ModelSpec] = Registry("model", group="seqexpr.models")


def make_model(name: str, *, random_state: int = 42, n_jobs: int = 1) -> Pipeline:
    """Return an unfitted model: a scikit-learn Pipeline over strings.

    Parameters
    ----------
    name : str
        Registered name.
    random_state : int
        Seed. Default 42.
    n_jobs : int
        Threads, at least 1. Default 1.

    Raises
    ------
    UnknownNameError
        If there is no such model.

    Examples
    --------
    >>> model = make_model("ridge").fit(["ACGTAC", "TTTTTT", "ACGTTT"] * 5, [1.0, 0.0, 0.5] * 5)
    >>> float(model.predict(["ACGTAC"])[0]) > 0.5
    True
    """
    return MODELS[name].build(random_state=random_state, n_jobs=n_jobs)


def have_common_positions(sequences: Sequence[str]) -> bool:
    """Whether it makes sense to compare sequences position by position.

    True if nine in ten lengths lie within a tenth of the median. Designed
    libraries often have parts of slightly different lengths; on such a one
    (lafleur, 68% of the sequences of one length) trees over positions explain
    more, inside train, than trees over k-mers: R² .82 and .80.

    Parameters
    ----------
    sequences : sequence of str
        DNA sequences.

    Examples
    --------
    >>> have_common_positions(["ACGTACGTAC"] * 19 + ["A"])
    True
    >>> have_common_positions(["ACGT", "ACGTACGT", "ACGTACGTACGTACGT"])
    False
    """
    lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    if not len(lengths):
        return False
    low, middle, high = np.quantile(lengths, [0.05, 0.5, 0.95], method="nearest")
    return bool(high - middle <= middle / 10 and middle - low <= middle / 10)


def preset_models(preset: Preset, *, equal_length: bool) -> tuple[str, ...]:
    """Return the models of a preset, simplest first.

    Parameters
    ----------
    preset : {"tutorial", "fast"}
        Which preset.
    equal_length : bool
        Whether the sequences have one length, or nearly (see
        :func:`have_common_positions`); models that read bases by position are
        left out otherwise.

    Examples
    --------
    >>> preset_models("tutorial", equal_length=False)
    ('mean', 'tutorial')
    """
    if preset == "tutorial":
        return ("mean", "tutorial")
    names = ("mean", "gc", "nearest_neighbor", "tutorial", "ridge_onehot", "ridge",
             "ridge_positional", "lightgbm", "lightgbm_onehot")  # fmt: skip
    return tuple(name for name in names if equal_length or not MODELS[name].needs_equal_length)


MODELS.register(
    "mean",
    ModelSpec(
        name="mean",
        title="Mean",
        description="Predicts the mean of the training data for every sequence.",
        is_baseline=True,
        complexity=0,
        needs_equal_length=False,
        build=pipelines.mean,
        reads_covariates=False,
    ),
)
MODELS.register(
    "covariates",
    ModelSpec(
        name="covariates",
        title="Covariates alone",
        description=(
            "A line over the covariates, whatever the sequence: what the conditions alone explain."
        ),
        is_baseline=True,
        complexity=-1,
        needs_equal_length=False,
        build=pipelines.covariates,
    ),
)
MODELS.register(
    "gc",
    ModelSpec(
        name="gc",
        title="GC, length and CpG",
        description="A line over GC content, length and CpG: what composition alone explains.",
        is_baseline=True,
        complexity=1,
        needs_equal_length=False,
        build=pipelines.gc,
        reads_covariates=False,
    ),
)
MODELS.register(
    "nearest_neighbor",
    ModelSpec(
        name="nearest_neighbor",
        title="Nearest neighbours",
        description=(
            "Averages the ten most similar training sequences (cosine of 4-mer counts, among at "
            "most 20,000 drawn at random): what memory alone explains."
        ),
        is_baseline=True,
        complexity=2,
        needs_equal_length=False,
        build=pipelines.nearest_neighbor,
        reads_covariates=False,
    ),
)
MODELS.register(
    "tutorial",
    ModelSpec(
        name="tutorial",
        title="3-mer presence, least squares",
        description="The tutorial's model: which 3-mers are there, ordinary least squares.",
        is_baseline=False,
        complexity=3,
        needs_equal_length=False,
        build=pipelines.tutorial,
    ),
)
MODELS.register(
    "ridge_onehot",
    ModelSpec(
        name="ridge_onehot",
        title="Ridge on bases by position",
        description="Each base at each position adds its part.",
        is_baseline=False,
        complexity=4,
        needs_equal_length=True,
        build=pipelines.ridge_onehot,
    ),
)
MODELS.register(
    "elastic_net",
    ModelSpec(
        name="elastic_net",
        title="Elastic net on 1- to 5-mers",
        description="A few k-mers add their parts; the others are exactly 0.",
        is_baseline=False,
        complexity=5,
        needs_equal_length=False,
        build=pipelines.elastic_net,
    ),
)
MODELS.register(
    "lasso",
    ModelSpec(
        name="lasso",
        title="Lasso on 1- to 5-mers",
        description="As few k-mers as possible add their parts.",
        is_baseline=False,
        complexity=6,
        needs_equal_length=False,
        build=pipelines.lasso,
    ),
)
MODELS.register(
    "huber",
    ModelSpec(
        name="huber",
        title="Huber on 1- to 4-mers",
        description="Each k-mer adds its part; outliers pull less.",
        is_baseline=False,
        complexity=7,
        needs_equal_length=False,
        build=pipelines.huber,
    ),
)
MODELS.register(
    "ridge",
    ModelSpec(
        name="ridge",
        title="Ridge on 1- to 6-mers",
        description="Each k-mer adds its part, wherever it stands.",
        is_baseline=False,
        complexity=8,
        needs_equal_length=False,
        build=pipelines.ridge,
    ),
)
MODELS.register(
    "ridge_canonical",
    ModelSpec(
        name="ridge_canonical",
        title="Ridge on 1- to 7-mers of both strands",
        description="Each k-mer adds its part, whichever strand it is on, as in most enhancers.",
        is_baseline=False,
        complexity=9,
        needs_equal_length=False,
        build=pipelines.ridge_canonical,
    ),
)
MODELS.register(
    "ridge_positional",
    ModelSpec(
        name="ridge_positional",
        title="Ridge on k-mers and where they stand",
        description="Each k-mer adds its part, and another that depends on where it stands.",
        is_baseline=False,
        complexity=10,
        needs_equal_length=True,
        build=pipelines.ridge_positional,
    ),
)
MODELS.register(
    "lightgbm",
    ModelSpec(
        name="lightgbm",
        title="Boosted trees on 1- to 5-mers",
        description="Trees over k-mer counts: k-mers can act together.",
        is_baseline=False,
        complexity=11,
        needs_equal_length=False,
        build=pipelines.lightgbm,
    ),
)
MODELS.register(
    "lightgbm_onehot",
    ModelSpec(
        name="lightgbm_onehot",
        title="Boosted trees on bases by position",
        description="Trees over the base at each position: positions can act together.",
        is_baseline=False,
        complexity=12,
        needs_equal_length=True,
        build=pipelines.lightgbm_onehot,
    ),
)
MODELS.register(
    "lightgbm_positional",
    ModelSpec(
        name="lightgbm_positional",
        title="Boosted trees on k-mers and where they stand",
        description="Trees over k-mer counts, in the whole sequence and near each place of it.",
        is_baseline=False,
        complexity=13,
        needs_equal_length=True,
        build=pipelines.lightgbm_positional,
    ),
)
MODELS.register(
    "stack",
    ModelSpec(
        name="stack",
        title="Stack of ridge and trees on k-mers",
        description="Adds up a line and trees over k-mers, by weights learnt out of fold.",
        is_baseline=False,
        complexity=14,
        needs_equal_length=False,
        build=pipelines.stack,
    ),
)
MODELS.register(
    "stack_positional",
    ModelSpec(
        name="stack_positional",
        title="Stack of ridge and trees on k-mers and places",
        description="Adds up five lines and trees over words and places, by weights learnt out of "
        "fold.",
        is_baseline=False,
        complexity=15,
        needs_equal_length=True,
        build=pipelines.stack_positional,
    ),
)
MODELS.register(
    "global_epistasis",
    ModelSpec(
        name="global_epistasis",
        title="Bend over sums of bases by position",
        description="Bases by position add up to a few hidden traits, and what is measured bends "
        "with these.",
        is_baseline=False,
        complexity=20,
        needs_equal_length=True,
        build=pipelines.global_epistasis,
    ),
)
MODELS.register(
    "ridge_pairs",
    ModelSpec(
        name="ridge_pairs",
        title="Ridge on bases and pairs of bases by position",
        description="Each base at each position adds its part, and so do pairs of positions that "
        "act together.",
        is_baseline=False,
        complexity=19,
        needs_equal_length=True,
        build=pipelines.ridge_pairs,
    ),
)
