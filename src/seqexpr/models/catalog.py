"""The built-in models: what each is called, what it is, and its place on the ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqexpr.models import kernel_pipelines, neural_pipelines, pipelines

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["BUILT_IN", "ModelSpec"]


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
    extra : str or None
        The extra of seqexpr that it needs. Default None.
    seconds : float
        What was spent on it before it is built: on a model that comes fitted.
        Default 0.
    """

    name: str
    title: str
    description: str
    is_baseline: bool
    complexity: int
    needs_equal_length: bool
    build: Callable[..., Pipeline]
    reads_covariates: bool = True
    extra: str | None = None
    seconds: float = 0.0


_NETWORKS: tuple[tuple[str, str, str, Callable[..., Pipeline]], ...] = (
    (
        "cnn", "Compact convolutional network",
        "Learns words, words of words, and where they stand.",
        neural_pipelines.cnn,
    ),
    (
        "dilated", "Dilated convolutions",
        "Learns words and what stands further and further from them.",
        neural_pipelines.dilated,
    ),
    (
        "hybrid", "Convolutions and attention",
        "Learns words, and which of them matter to which.",
        neural_pipelines.hybrid,
    ),
    (
        "legnet", "LegNet",
        "Learns words of words, weighed by what the whole sequence is.",
        neural_pipelines.legnet,
    ),
    (
        "dream_rnn", "DREAM-RNN",
        "Learns words, and reads them in order from both ends.",
        neural_pipelines.dream_rnn,
    ),
    (
        "transfer", "Network from another run",
        "Goes on from what another network has learnt.",
        neural_pipelines.transfer,
    ),
    (
        "cnn_ensemble", "Five compact networks",
        "Averages five compact convolutional networks.",
        neural_pipelines.ensemble,
    ),
)  # fmt: skip
"""Name, title, description and builder of what needs PyTorch, simplest first."""

BUILT_IN: tuple[ModelSpec, ...] = (
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
    ModelSpec(
        name="covariates",
        title="Covariates alone",
        description=(
            "A line over the covariates, whatever the sequence: what the conditions alone explain."
        ),
        is_baseline=True,
        complexity=1,
        needs_equal_length=False,
        build=pipelines.covariates,
    ),
    ModelSpec(
        name="gc",
        title="GC, length and CpG",
        description="A line over GC content, length and CpG: what composition alone explains.",
        is_baseline=True,
        complexity=2,
        needs_equal_length=False,
        build=pipelines.gc,
        reads_covariates=False,
    ),
    ModelSpec(
        name="nearest_neighbor",
        title="Nearest neighbours",
        description=(
            "Averages the ten most similar training sequences (cosine of 4-mer counts, among at "
            "most 20,000 drawn at random): what memory alone explains."
        ),
        is_baseline=True,
        complexity=3,
        needs_equal_length=False,
        build=pipelines.nearest_neighbor,
        reads_covariates=False,
    ),
    ModelSpec(
        name="tutorial",
        title="3-mer presence, least squares",
        description="The tutorial's model: which 3-mers are there, ordinary least squares.",
        is_baseline=False,
        complexity=4,
        needs_equal_length=False,
        build=pipelines.tutorial,
    ),
    ModelSpec(
        name="ridge_onehot",
        title="Ridge on bases by position",
        description="Each base at each position adds its part.",
        is_baseline=False,
        complexity=5,
        needs_equal_length=True,
        build=pipelines.ridge_onehot,
    ),
    ModelSpec(
        name="elastic_net",
        title="Elastic net on 1- to 5-mers",
        description="A few k-mers add their parts; the others are exactly 0.",
        is_baseline=False,
        complexity=6,
        needs_equal_length=False,
        build=pipelines.elastic_net,
    ),
    ModelSpec(
        name="lasso",
        title="Lasso on 1- to 5-mers",
        description="As few k-mers as possible add their parts.",
        is_baseline=False,
        complexity=7,
        needs_equal_length=False,
        build=pipelines.lasso,
    ),
    ModelSpec(
        name="huber",
        title="Huber on 1- to 4-mers",
        description="Each k-mer adds its part; outliers pull less.",
        is_baseline=False,
        complexity=8,
        needs_equal_length=False,
        build=pipelines.huber,
    ),
    ModelSpec(
        name="ridge",
        title="Ridge on 1- to 6-mers",
        description="Each k-mer adds its part, wherever it stands.",
        is_baseline=False,
        complexity=9,
        needs_equal_length=False,
        build=pipelines.ridge,
    ),
    ModelSpec(
        name="ridge_canonical",
        title="Ridge on 1- to 7-mers of both strands",
        description="Each k-mer adds its part, whichever strand it is on, as in most enhancers.",
        is_baseline=False,
        complexity=10,
        needs_equal_length=False,
        build=pipelines.ridge_canonical,
    ),
    ModelSpec(
        name="ridge_positional",
        title="Ridge on k-mers and where they stand",
        description="Each k-mer adds its part, and another that depends on where it stands.",
        is_baseline=False,
        complexity=11,
        needs_equal_length=True,
        build=pipelines.ridge_positional,
    ),
    ModelSpec(
        name="ridge_pairs",
        title="Ridge on bases and pairs of bases by position",
        description="Each base at each position adds its part, and so do pairs of positions that "
        "act together.",
        is_baseline=False,
        complexity=12,
        needs_equal_length=True,
        build=pipelines.ridge_pairs,
    ),
    ModelSpec(
        name="lightgbm",
        title="Boosted trees on 1- to 5-mers",
        description="Trees over k-mer counts: k-mers can act together.",
        is_baseline=False,
        complexity=13,
        needs_equal_length=False,
        build=pipelines.lightgbm,
    ),
    ModelSpec(
        name="lightgbm_onehot",
        title="Boosted trees on bases by position",
        description="Trees over the base at each position: positions can act together.",
        is_baseline=False,
        complexity=14,
        needs_equal_length=True,
        build=pipelines.lightgbm_onehot,
    ),
    ModelSpec(
        name="lightgbm_positional",
        title="Boosted trees on k-mers and where they stand",
        description="Trees over k-mer counts, in the whole sequence and near each place of it.",
        is_baseline=False,
        complexity=15,
        needs_equal_length=True,
        build=pipelines.lightgbm_positional,
    ),
    ModelSpec(
        name="kernel_ridge",
        title="Kernel ridge on gapped k-mers",
        description="Averages over the sequences that share gapped words with a new one.",
        is_baseline=False,
        complexity=16,
        needs_equal_length=False,
        build=kernel_pipelines.kernel_ridge,
    ),
    ModelSpec(
        name="gkm_svr",
        title="Support vectors on gapped k-mers",
        description="Compares by gapped words with some sequences; outliers pull less.",
        is_baseline=False,
        complexity=17,
        needs_equal_length=False,
        build=kernel_pipelines.gkm_svr,
    ),
    ModelSpec(
        name="gaussian_process",
        title="Gaussian process on bases, words and places",
        description="Learns which positions and words make sequences alike; averages over such.",
        is_baseline=False,
        complexity=18,
        needs_equal_length=True,
        build=kernel_pipelines.gaussian_process,
    ),
    ModelSpec(
        name="global_epistasis",
        title="Bend over sums of bases by position",
        description="Bases by position add up to a few hidden traits, and what is measured bends "
        "with these.",
        is_baseline=False,
        complexity=19,
        needs_equal_length=True,
        build=pipelines.global_epistasis,
    ),
    ModelSpec(
        name="stack",
        title="Stack of ridge and trees on k-mers",
        description="Adds up a line and trees over k-mers, by weights learnt out of fold.",
        is_baseline=False,
        complexity=20,
        needs_equal_length=False,
        build=pipelines.stack,
    ),
    ModelSpec(
        name="stack_positional",
        title="Stack of ridge and trees on k-mers and places",
        description="Adds up five lines and trees over words and places, by weights learnt out of "
        "fold.",
        is_baseline=False,
        complexity=21,
        needs_equal_length=True,
        build=pipelines.stack_positional,
    ),
    *(
        ModelSpec(name, title, description, False, rung, False, build, extra="deep")
        for rung, (name, title, description, build) in enumerate(_NETWORKS, start=30)
    ),
)
"""Simplest first."""
