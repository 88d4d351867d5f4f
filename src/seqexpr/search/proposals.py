"""Proposals: what the search tries next, as a function of what it knows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from seqexpr.optional import has_extra
from seqexpr.search.blocks import BLOCKS, NONE, Library
from seqexpr.search.candidates import Candidate, Choice, registered
from seqexpr.search.learners import LEARNERS, SETS, Learner
from seqexpr.search.trials import Outcome, stages_of

__all__ = [
    "BASELINES",
    "bars_for",
    "frozen",
    "learners_for",
    "long_starts",
    "parameter_importance",
    "portfolio",
    "propose",
    "quiet_optuna",
]

BASELINES = ("mean", "gc", "nearest_neighbor", "tutorial")
"""Registered models that every search begins with."""
_KEPT_SHARE = 1 / 3  # of the trials at a stage, as in successive halving with eta = 3
_FEWEST = 3  # trials at a stage before any is stopped there
_RANDOM_FIRST = 2  # trials of a learner before its scores are looked at
_QUICK_FIRST = 2  # starts before the first that may take long
_TRIES = 20  # proposals that are drawn until one is new


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from logging each study and from warning of features that are new to it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def learners_for(library: Library) -> list[Learner]:
    """Return the learners that make sense for a library, simplest first."""
    return [
        learner
        for learner in LEARNERS.values()
        if (library.aligned or not learner.by_position)
        and (learner.extra is None or has_extra(learner.extra))
        and (library.transfers or not learner.transfers)
        and (learner.most_rows is None or library.n_rows <= learner.most_rows)
        and (learner.most_bases is None or library.length <= learner.most_bases)
    ]


def _choices_of(learner: Learner, library: Library) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, choices in learner.blocks.items():
        if library.aligned or not BLOCKS[name].by_position:
            sets = library.motifs if SETS in choices else ()
            known = (*(choice for choice in choices if choice != SETS), *sets)
            fits = BLOCKS[name].fits
            found[name] = tuple(c for c in known if c == NONE or fits(c, library))
    return found


def portfolio(library: Library, *, free_only: bool = False) -> list[Candidate]:
    """Return what every search tries first: baselines, then what did well on other libraries.

    Parameters
    ----------
    library : Library
        What the candidates are for.
    free_only : bool
        Whether only those are wanted that go through all stages, whatever they
        score; they come first. Default False.

    Examples
    --------
    >>> [c.kind for c in portfolio(Library(1000, 50, aligned=False))][:4]
    ['mean', 'gc', 'nearest_neighbor', 'tutorial']
    """
    from seqexpr.search.portfolio import FREE_STARTS, FURTHER_STARTS

    names = ("covariates", *BASELINES) if library.covariates else BASELINES
    free = [registered(name, library) for name in names] + _sound(FREE_STARTS, library)
    # One early, so that it has a process to itself while the others are tried; the rest last.
    long = long_starts(library)
    free[len(names) + _QUICK_FIRST : len(names) + _QUICK_FIRST] = long[:1]
    free += long[1:]
    if free_only:
        return free
    further = [
        start | {"motifs": motifs} if start.get("motifs") == SETS else start
        for start in FURTHER_STARTS
        for motifs in (library.motifs if start.get("motifs") == SETS else ("",))
    ]
    return free + _sound(further, library)


def long_starts(library: Library) -> list[Candidate]:
    """Return the starts that may take all the time there is, in the order of the portfolio."""
    from seqexpr.search.portfolio import LONG_STARTS

    return _sound(LONG_STARTS, library)


def _sound(starts: Sequence[Mapping[str, Choice]], library: Library) -> list[Candidate]:
    """Return the starts that make sense for a library."""
    known = {learner.name: learner for learner in learners_for(library)}
    found = []
    for start in starts:
        learner = known.get(str(start["learner"]))
        if learner is None:
            continue
        known_choices = _choices_of(learner, library)
        wanted = {name: choice for name, choice in start.items() if name in BLOCKS}
        if all(choice in known_choices.get(name, ()) for name, choice in wanted.items()):
            found.append(Candidate(_completed(start, learner, library), library))
    return found


def _completed(
    start: Mapping[str, Choice], learner: Learner, library: Library
) -> dict[str, Choice]:
    """Name every choice of the learner, so that the sampler knows where the start lies."""
    choices: dict[str, Choice] = {"learner": learner.name}
    choices |= {name: start.get(name, NONE) for name in _choices_of(learner, library)}
    if learner.strands:
        choices["strands"] = start.get("strands", "single")
    defaults = {name: setting.default for name, setting in learner.settings.items()}
    return choices | {name: start.get(name, value) for name, value in defaults.items()}


def _suggest(trial: Any, learner: Learner, library: Library) -> dict[str, Choice]:
    """Let an Optuna trial make every choice that a learner has."""
    choices: dict[str, Choice] = {"learner": learner.name}

    def pick(name: str, options: Sequence[Choice]) -> Choice:
        picked: Choice = trial.suggest_categorical(f"{learner.name}.{name}", list(options))
        return picked

    for name, options in _choices_of(learner, library).items():
        choices[name] = pick(name, options)
    if learner.strands:
        choices["strands"] = pick("strands", ("single", "both"))
    for name, setting in learner.settings.items():
        full = f"{learner.name}.{name}"
        if setting.choices:
            choices[name] = pick(name, setting.choices)
        elif isinstance(setting.default, int):
            choices[name] = trial.suggest_int(full, setting.low, setting.high, log=setting.log)
        else:
            choices[name] = trial.suggest_float(full, setting.low, setting.high, log=setting.log)
    return choices


def _is_sound(choices: Mapping[str, Choice], library: Library) -> bool:
    """Whether there is something to look at."""
    learner = LEARNERS[str(choices["learner"])]
    names = _choices_of(learner, library)
    return not names or any(choices.get(name, NONE) != NONE for name in names)


def _parameters(candidate: Candidate) -> dict[str, Choice]:
    """Return the choices of a candidate by the names that Optuna knows them by."""
    kind = candidate.kind
    return {
        f"{kind}.{name}": value for name, value in candidate.choices.items() if name != "learner"
    }


def propose(
    index: int,
    known: Mapping[int, tuple[Candidate, Outcome]],
    *,
    library: Library,
    seed: int,
    taken: Sequence[str],
) -> Candidate:
    """Return the candidate of trial `index`.

    The learner is drawn with odds of one over its rank by best score so far, so
    that the best is tried most and none is given up: a blend lives on models
    that differ. Its choices come from Optuna's tree-structured Parzen estimator
    over the trials of that learner. Both are seeded by the index and know the
    trials of `known` only, so that the same trials lead to the same proposal,
    whenever they ended and whichever process asks.

    Parameters
    ----------
    index : int
        Number of the trial, from 0.
    known : mapping of int to (Candidate, Outcome)
        Finished trials that it may learn from.
    library : Library
        What it is for.
    seed : int
        Seed of the search.
    taken : sequence of str
        Keys of the candidates before it, which are not proposed again.

    References
    ----------
    Bergstra, Bardenet, Bengio & Kégl, Algorithms for hyper-parameter
    optimization, NeurIPS 2011. Akiba et al., Optuna, KDD 2019.
    """
    import optuna

    rng = np.random.default_rng([seed, index])
    learner = _draw_learner(known, library, rng)
    own = {i: pair for i, pair in known.items() if pair[0].kind == learner.name}
    with quiet_optuna():
        sampler = optuna.samplers.TPESampler(
            seed=int(rng.integers(2**32)), multivariate=True, n_startup_trials=_RANDOM_FIRST,
            constant_liar=False,
        )  # fmt: skip
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.add_trials([frozen(*own[i]) for i in sorted(own)])
        for _ in range(_TRIES):
            trial = study.ask()
            candidate = Candidate(_suggest(trial, learner, library), library)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            if _is_sound(candidate.choices, library) and candidate.key not in taken:
                break
    return candidate


def _draw_learner(
    known: Mapping[int, tuple[Candidate, Outcome]], library: Library, rng: np.random.Generator
) -> Learner:
    """Draw a learner with odds of one over its rank by its best score on one fold."""
    best = {learner.name: -np.inf for learner in learners_for(library)}
    for candidate, outcome in known.values():
        score = outcome.scores.get("fold", np.nan)
        if candidate.kind in best and np.isfinite(score):
            best[candidate.kind] = max(best[candidate.kind], score)
    ranked = sorted(best, key=lambda name: -best[name])
    odds = 1 / np.arange(1, len(ranked) + 1)
    return LEARNERS[str(rng.choice(ranked, p=odds / odds.sum()))]


def frozen(candidate: Candidate, outcome: Outcome, *, with_learner: bool = False) -> Any:
    """Return a finished trial as Optuna keeps it.

    Parameters
    ----------
    candidate : Candidate
        What was tried.
    outcome : Outcome
        What it found.
    with_learner : bool
        Whether the learner is a parameter, as in the study of all learners.
        Default False.
    """
    import optuna

    fixed = optuna.trial.FixedTrial(_parameters(candidate))
    if candidate.model is None:
        _suggest(fixed, LEARNERS[candidate.kind], candidate.library)
    params, spaces = dict(fixed.params), dict(fixed.distributions)
    if with_learner and candidate.model is None:
        params["learner"] = candidate.kind
        spaces["learner"] = optuna.distributions.CategoricalDistribution(list(LEARNERS))
    names = [stage.name for stage in stages_of(candidate.library.n_rows, 2)]
    states = optuna.trial.TrialState
    state = {"complete": states.COMPLETE, "pruned": states.PRUNED}.get(outcome.state, states.FAIL)
    value = outcome.scores.get("all") if outcome.state == "complete" else None
    if state == states.COMPLETE and (value is None or not np.isfinite(value)):
        state, value = states.FAIL, None
    steps = {names.index(k): v for k, v in outcome.scores.items() if np.isfinite(v)}
    return optuna.trial.create_trial(
        state=state, value=value, params=params, distributions=spaces, intermediate_values=steps,
    )  # fmt: skip


def bars_for(known: Mapping[int, tuple[Candidate, Outcome]]) -> dict[str, float]:
    """Return the score that a trial must reach at each stage to go on.

    Successive halving without waiting: a trial goes on if it is among the best
    third of those that reached the stage before it.

    References
    ----------
    Li et al., A system for massively parallel hyperparameter tuning, MLSys 2020
    (ASHA), algorithm 2.
    """
    bars = {}
    for stage in ("part", "fold"):
        scores = [
            outcome.scores[stage]
            for candidate, outcome in known.values()
            if candidate.model is None and np.isfinite(outcome.scores.get(stage, np.nan))
        ]
        if len(scores) >= _FEWEST:
            bars[stage] = float(np.quantile(scores, 1 - _KEPT_SHARE))
    return bars


def parameter_importance(
    known: Mapping[int, tuple[Candidate, Outcome]], *, seed: int
) -> dict[str, float]:
    """Return how much of the variance of the scores each choice explains, the most first.

    Every trial counts with the score of its last stage's first fold, all
    learners with all choices ("none" where a learner has no such choice), by
    functional analysis of variance over a random forest.

    Parameters
    ----------
    known : mapping of int to (Candidate, Outcome)
        Finished trials.
    seed : int
        Seed of the forest.

    Returns
    -------
    dict of str to float
        Shares that sum to 1; empty with fewer than ten scored trials.

    References
    ----------
    Hutter, Hoos & Leyton-Brown, An efficient approach for assessing
    hyperparameter importance, ICML 2014.
    """
    import optuna

    scored = [
        (candidate.choices, outcome.scores["fold"])
        for candidate, outcome in known.values()
        if candidate.model is None and np.isfinite(outcome.scores.get("fold", np.nan))
    ]
    if len(scored) < 10 or len({round(score, 12) for _, score in scored}) < 2:
        return {}
    names = ["learner", "strands", *BLOCKS]
    tables = {name: sorted({str(c.get(name, NONE)) for c, _ in scored}) for name in names}
    varying = [name for name in names if len(tables[name]) > 1]
    if not varying:
        return {}
    spaces: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.CategoricalDistribution(tables[name]) for name in varying
    }
    with quiet_optuna():
        study = optuna.create_study(direction="maximize")
        for choices, score in scored:
            params = {name: str(choices.get(name, NONE)) for name in varying}
            study.add_trial(
                optuna.trial.create_trial(params=params, distributions=spaces, value=score)
            )
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed % 2**32)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}
