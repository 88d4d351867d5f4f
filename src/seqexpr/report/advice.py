"""What to try next: a few rules from findings and scores to one step each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seqexpr.report.facts import TargetFacts, overlap
from seqexpr.report.words import count, number, percent, sentence

if TYPE_CHECKING:
    from seqexpr.data.checks import CheckReport
    from seqexpr.evaluation.evaluation import Evaluation, Score
    from seqexpr.recipe import Recipe

__all__ = ["Advice", "Case", "advise"]


@dataclass(frozen=True)
class Advice:
    """One step to try.

    Attributes
    ----------
    code : str
        Stable name of the rule.
    title : str
        The step, as an order.
    text : str
        Why, with the figures that speak for it.
    targets : tuple of str
        Targets it was found for; empty = the whole run.
    """

    code: str
    title: str
    text: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """What a rule looks at: one target, the findings, the choices."""

    facts: TargetFacts
    check: CheckReport
    recipe: Recipe

    @property
    def strategy(self) -> str:
        """Strategy of the split, without the name of its column."""
        return str(self.facts.evaluation.split.get("strategy", "")).partition(":")[0]

    @property
    def n_train(self) -> int:
        """Number of rows in train."""
        return int(self.facts.evaluation.split.get("n_train") or 0)

    def judged(self, model: str) -> Score | None:
        """Return R² of a model on the set that models are compared on: out-of-fold if it can be."""
        sets = self.facts.sets
        return self.facts.score("r2", model=model, set=sets[0]) if sets else None

    def clearly_better(self, one: str, other: str) -> bool:
        """Whether `one` scores higher than `other` and their intervals do not overlap."""
        first, second = self.judged(one), self.judged(other)
        if first is None or second is None or first.value is None or second.value is None:
            return False
        return first.value > second.value and overlap(first, second) is False

    def compare(self, one: str, other: str, *, words: tuple[str, str]) -> str:
        """Return "Out of fold, trees explain 61% of the variance, a line 52%"."""
        first, second = self.judged(one), self.judged(other)
        where = self.facts.inside_words if "validation" in self.facts.sets else "on test"
        shares = [percent((s.value if s else None) or 0.0) for s in (first, second)]
        return (
            f"{where.capitalize()}, {words[0]} {shares[0]} of the variance, {words[1]} {shares[1]}"
        )


def advise(evaluation: Evaluation, *, check: CheckReport, recipe: Recipe) -> list[Advice]:
    """Return what to try next, the most pressing first.

    Each rule is asked once for each target; a step that several targets ask
    for is given once and names them.

    Parameters
    ----------
    evaluation : Evaluation
        What the run found.
    check : CheckReport
        What the input doctor found.
    recipe : Recipe
        Every choice of the run.
    """
    steps: dict[str, Advice] = {}
    all_facts = TargetFacts.all_of(evaluation)
    for rule in _RULES:
        for facts in all_facts:
            step = rule(Case(facts, check, recipe))
            if step is None:
                continue
            first = steps.get(step.code, step)
            steps[step.code] = replace(first, targets=(*first.targets, facts.name))
    if len(all_facts) == 1:
        return [replace(step, targets=()) for step in steps.values()]
    return list(steps.values())


def _no_signal(case: Case) -> Advice | None:
    score = case.facts.score("r2")
    if score is None or score.value is None or (score.low if score.low is not None else 1) > 0:
        return None
    return Advice(
        "no-signal",
        "Look at the table before the models",
        f"No model is surely better than the average of {case.facts.name}. Check that each value "
        "stands beside its own sequence (a sort of one column alone destroys that), that the "
        "sequence is the part that differs between rows, and that replicates agree with each "
        "other.",
    )


def _composition_only(case: Case) -> Advice | None:
    selected, score = case.facts.selected, case.facts.score("r2")
    known = [m.name for m in case.facts.evaluation.models]
    if "gc" not in known or selected.name == "gc" or score is None or (score.value or 0) <= 0:
        return None
    if overlap(score, case.facts.score("r2", model="gc")) is not True:
        return None
    return Advice(
        "composition-only",
        "Ask whether the assay sees more than GC content",
        f"The model “{selected.title}” is not surely better than one that knows only GC content "
        "and length. Sequence motifs do not seem to matter here, or there are too few rows to see "
        "them. Controls with the same GC content tell which.",
    )


def _memory(case: Case) -> Advice | None:
    selected = case.facts.selected.name
    near, score = case.judged("nearest_neighbor"), case.judged(selected)
    if selected == "nearest_neighbor" or near is None or score is None:
        return None
    if (near.value or 0) < 0.1 or overlap(near, score) is False:
        return None
    words = ("copying the value of the most similar training sequence explains", "the model")
    return Advice(
        "memory",
        "Keep relatives on one side of the split",
        f"{case.compare('nearest_neighbor', selected, words=words)}. Copying is as good as "
        "learning where train and test share families of sequences. If you know the families, "
        "name their column with --group.",
    )


def _random_split(case: Case) -> Advice | None:
    if case.strategy not in {"random", "tutorial"}:
        return None
    if case.strategy == "tutorial":
        return Advice(
            "tutorial",
            "Run it again with --preset fast",
            "The tutorial's method fits one small model on a plain random split. The preset fast "
            "keeps copies of a sequence together, compares more models, and chooses among them "
            "without looking at the test set.",
        )
    return Advice(
        "random-split",
        "Give groups or chromosomes, if there are any",
        "The test set was drawn at random, so relatives of its sequences may be in train. Name the "
        "column that says which rows belong together (locus, promoter family, parent sequence) "
        "with --group, or the chromosome with --chromosome, and compare the scores.",
    )


def _floor(case: Case) -> Advice | None:
    floor = case.facts.floor
    if floor is None or floor.share < 0.2:
        return None
    return Advice(
        "floor",
        "Ask two questions instead of one: is it active, and how active",
        f"{percent(floor.share)} of the rows share the lowest value of {case.facts.name}, "
        f"{number(floor.value)}, probably the detection limit. R² then mostly says how well "
        "active and inactive are told apart. Train a second run on the rows above the floor "
        "only, and read Spearman beside R².",
    )


def _transform(case: Case) -> Advice | None:
    pearson, spearman = case.facts.value("pearson"), case.facts.value("spearman")
    if pearson is None or spearman is None or case.recipe.transform != "none":
        return None
    if spearman < pearson + 0.1 or spearman < 0.2:
        return None
    positive = case.facts.measured.size > 0 and float(case.facts.measured.min()) > 0
    scale = "log2" if positive else "rank"
    return Advice(
        "transform",
        f"Train on another scale: --transform {scale}",
        f"The order of the sequences is predicted much better (Spearman {number(spearman)}) than "
        f"their values (Pearson {number(pearson)}). A few large values probably dominate; another "
        "scale gives the others their weight.",
    )


def _nonlinear(case: Case) -> Advice | None:
    pairs = [("lightgbm", "ridge"), ("lightgbm_onehot", "ridge_onehot")]
    words = ("boosted trees explain", "the linear model")
    for tree, linear in pairs:
        if case.clearly_better(tree, linear):
            return Advice(
                "nonlinear",
                "Try models that see motifs together",
                f"{case.compare(tree, linear, words=words)}. Effects do not simply add up: motifs "
                "work together, or saturate. Models that read order and spacing, such as "
                "convolutional networks, often gain more on such data.",
            )
    return None


def _positional(case: Case) -> Advice | None:
    pairs = [("lightgbm_onehot", "lightgbm"), ("ridge_onehot", "ridge")]
    words = ("the base at each position explains", "counts of k-mers")
    for positional, counting in pairs:
        if case.clearly_better(positional, counting):
            return Advice(
                "positional",
                "Keep every sequence in the same register",
                f"{case.compare(positional, counting, words=words)}. Where a motif lies matters in "
                "this library, so cut all sequences relative to the same point, for example the "
                "start site.",
            )
    return None


def _beyond_counts(case: Case) -> Advice | None:
    tree, linear = case.judged("lightgbm"), case.judged("ridge")
    if tree is None or linear is None or (linear.value or 0) < 0.1:
        return None
    if _nonlinear(case) is not None:
        return None
    words = ("boosted trees explain", "the linear model")
    return Advice(
        "beyond-counts",
        "Look beyond counts of k-mers",
        f"{case.compare('lightgbm', 'ridge', words=words)}: on counts of k-mers there is no clear "
        "gain, so counting more cleverly will not help much. What may: features that know where "
        "a motif lies, models that read its surroundings (convolutional networks), more "
        "sequences, or more replicates.",
    )


def _few_rows(case: Case) -> Advice | None:
    score = case.facts.score("r2")
    n_test = score.n if score is not None else 0
    if case.n_train >= 1_000 and n_test >= 200:
        return None
    width = (
        f" (the interval of R² is {number(score.high - score.low)} wide)"
        if score is not None and score.low is not None and score.high is not None
        else ""
    )
    return Advice(
        "few-rows",
        "Do not read too much into these scores",
        f"{count(case.n_train)} rows to learn from and {count(n_test)} to test on are few{width}. "
        "Read the out-of-fold scores, which use more rows, beside the test scores, and repeat the "
        "run with other seeds (--seed).",
    )


def _gap(case: Case) -> Advice | None:
    test, inside = case.facts.score("r2"), case.facts.score("r2", set="validation")
    if overlap(test, inside) is not False or test is None or inside is None:
        return None
    if (test.value or 0) > (inside.value or 0):
        return None
    return Advice(
        "gap",
        "Find out how the test sequences differ",
        f"R² falls from {number(inside.value)} {case.facts.inside_words} to "
        f"{number(test.value)} on test. Compare length, GC content and measured values of the "
        "two sets, and collect training sequences like those you want to predict.",
    )


def _findings(case: Case) -> Advice | None:
    counted = [f for f in case.check.findings if f.severity == "warning" and f.n_rows > 0]
    if not counted:
        return None
    worst = max(counted, key=lambda finding: finding.n_rows)
    return Advice(
        "findings",
        "Go through the warnings about the data",
        f"The check of the table gave {len(counted)} warning{'s' * (len(counted) > 1)}; the one "
        f"with the most rows: {worst.meaning.rstrip('.')}. {sentence(worst.remedy)}".rstrip(),
    )


_RULES: Sequence[Callable[[Case], Advice | None]] = (
    _no_signal,
    _memory,
    _composition_only,
    _gap,
    _random_split,
    _floor,
    _transform,
    _few_rows,
    _nonlinear,
    _positional,
    _beyond_counts,
    _findings,
)
