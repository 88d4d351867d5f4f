"""Why is my model poor? Ceiling, learning curve, controls and split, turned into findings.

Each rule looks at a few numbers of the evaluation and nothing else, so that the
findings of a run can be worked out again from its evaluation.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "COMPOSITION",
    "MIN_GAIN",
    "NEAR_CEILING",
    "NOISY",
    "RANKS_ACTIVE",
    "SHIFTED",
    "SPREAD",
    "SURELY_LITTLE",
    "TELLS_ACTIVE",
    "Diagnosis",
    "diagnose",
]

Part = Mapping[str, Any] | None

NEAR_CEILING = 0.85
"""Share of the ceiling's R² from which the noise is what limits a model."""
NOISY = 0.9
"""R² of the ceiling from which the measurement counts as clean."""
MIN_GAIN = 0.02
"""Gain of R² from twice the rows below which more rows are not worth their price."""
SURELY_LITTLE = 0.1
"""Upper end of that gain from which the curve is too uncertain to be called flat."""
COMPOSITION = 0.8
"""Share of R² that shuffled sequences keep, from which the rest is hardly worth a name."""
SHIFTED = 0.25
"""Standard deviations between the means of train and test that are a shift."""
SPREAD = 1.33
"""Ratio of standard deviations, either way, that is a shift."""
TELLS_ACTIVE = 0.6
"""AUROC, lower end, from which a model tells active from floor."""
RANKS_ACTIVE = 0.2
"""Spearman's correlation among the active below which their order is not known."""


@dataclass(frozen=True)
class Diagnosis:
    """One finding, with the next step.

    Attributes
    ----------
    code : str
        "split-shift", "floor-inflated", "composition-only", "noise-limited",
        "data-limited", "feature-limited", "undecided", "no-signal" or
        "near-ceiling".
    title : str
        In a few words.
    text : str
        What was seen, with its numbers.
    next_step : str
        What to do.
    """

    code: str
    title: str
    text: str
    next_step: str


def diagnose(
    r2: Mapping[str, float | None],
    *,
    ceiling: Part = None,
    learning_curve: Part = None,
    controls: Part = None,
    floor: Part = None,
    shift: Part = None,
) -> tuple[Diagnosis, ...]:
    """Return what limits a model, the gravest first; at least one finding where R² is defined.

    Parameters
    ----------
    r2 : mapping
        ``value``, ``low`` and ``high`` of R² of the selected model on test.
    ceiling, learning_curve, controls, floor : mapping or None
        Parts of evaluation.json; None = not measured. A gain is cut at what
        the ceiling leaves.
    shift : mapping or None
        What :class:`~seqexpr.evaluation.target_shift.TargetShift` holds.

    Examples
    --------
    >>> found = diagnose({"value": 0.45, "low": 0.40, "high": 0.50}, ceiling={"r2": {"value": 0.5}})
    >>> found[0].code
    'noise-limited'
    """
    value = r2.get("value")
    if value is None:
        return ()
    learnt = (r2.get("low") or 0) > 0
    grave = [
        _split_shift(shift),
        _floor_inflated(floor),
        _composition_only(controls) if learnt else None,
        _noise_limited(value, ceiling),
        _data_limited(learning_curve, ceiling),
    ]
    found = [one for one in grave if one is not None]
    codes = {one.code for one in found}
    if len(found) > 1:  # what is good is said only where nothing else is
        found = [one for one in found if one.code != "near-ceiling"]
    last = None
    if "data-limited" not in codes:
        last = _feature_limited(r2, ceiling, learning_curve, others=codes, learnt=learnt)
    if last is not None:
        found.append(last)
    return tuple(found)


def _split_shift(shift: Part) -> Diagnosis | None:
    if shift is None:
        return None
    difference, spread = shift["difference"], shift["spread"]
    moved = abs(difference) >= SHIFTED and shift["low"] * shift["high"] > 0
    widened = not 1 / SPREAD < spread < SPREAD
    if not moved and not widened:
        return None
    where = "above" if difference > 0 else "below"
    return Diagnosis(
        "split-shift",
        "The test set is another population",
        f"The measured values of the test rows lie {abs(difference):.2f} standard deviations "
        f"{where} those of train, and spread {spread:.2f} times as wide; a mean that is off "
        "counts against R² as an error does.",
        "Judge by correlations, which do not see the shift, or draw the test set across batches "
        "or conditions.",
    )


def _floor_inflated(floor: Part) -> Diagnosis | None:
    scores = {} if floor is None else {row["metric"]: row for row in floor["scores"]}
    auroc, active = scores.get("auroc"), scores.get("spearman_active")
    if floor is None or not auroc or not active or None in (auroc["low"], active["value"]):
        return None
    if auroc["low"] < TELLS_ACTIVE or active["value"] >= RANKS_ACTIVE:
        return None
    return Diagnosis(
        "floor-inflated",
        "It tells active from inactive, and no more",
        f"Active sequences are told from those at the floor (AUROC {auroc['value']:.2f}), but not "
        f"ranked among themselves (Spearman {active['value']:.2f}). R² is that of the first task.",
        "Use it to find active sequences, not to grade them. To grade, train on the active rows.",
    )


def _composition_only(controls: Part) -> Diagnosis | None:
    values = {} if controls is None else {
        row["name"]: row for row in controls["rows"] if row["metric"] == "r2"
    }  # fmt: skip
    model, shuffled = values.get("model"), values.get("shuffled")
    if not model or not shuffled or None in (model["low"], shuffled["value"]) or model["low"] <= 0:
        return None
    if shuffled["value"] < COMPOSITION * model["value"]:
        return None
    return Diagnosis(
        "composition-only",
        "It knows composition only",
        f"With the bases of every sequence shuffled R² is {shuffled['value']:.2f}, with the "
        f"sequences as they are {model['value']:.2f}: single and paired bases say what it knows, "
        "motifs hardly.",
        "Look whether GC content goes along with a batch or a source of sequences. Do not read "
        "motifs from this model.",
    )


def _noise_limited(value: float, ceiling: Part) -> Diagnosis | None:
    top = None if ceiling is None else ceiling["r2"]["value"]
    if not top or value < NEAR_CEILING * top:
        return None
    if top >= NOISY:
        return Diagnosis(
            "near-ceiling",
            "It is as good as the measurement",
            f"R² is {value:.2f}; the replicates leave room up to {top:.2f}.",
            "Use it. Harder test rows (other families, designs or conditions) would say more.",
        )
    return Diagnosis(
        "noise-limited",
        "The measurement's noise is the limit",
        f"R² is {value:.2f}; no model could do better than {top:.2f} on these values, as their "
        "noise is.",
        "Measure with more replicates or reads; a better model can gain little.",
    )


def _data_limited(curve: Part, ceiling: Part) -> Diagnosis | None:
    if curve is None or not curve.get("gain") or curve["low"] is None:
        return None
    last = curve["points"][-1]
    room = 1.0 if ceiling is None else ceiling["r2"]["value"]
    gain, low, high = (min(curve[key], room - last["r2"]) for key in ("gain", "low", "high"))
    if gain < MIN_GAIN or low <= 0:
        return None
    return Diagnosis(
        "data-limited",
        "More sequences would help",
        f"R² was {last['r2']:.2f} with {last['n_fit']:,} sequences to learn from; twice as many "
        f"would add about {gain:.2f} ({low:.2f} to {high:.2f}).",
        "Measure more sequences of this kind, or start from a model of a larger library.",
    )


def _feature_limited(
    r2: Mapping[str, float | None],
    ceiling: Part,
    curve: Part,
    *,
    others: set[str],
    learnt: bool,
) -> Diagnosis | None:
    if others & {"noise-limited", "near-ceiling", "floor-inflated", "split-shift"}:
        return None
    flat = _is_flat(curve)
    value, high = r2["value"], r2.get("high")
    top = None if ceiling is None else ceiling["r2"]["value"]
    if top and flat and high is not None and high < NEAR_CEILING * top:
        return Diagnosis(
            "feature-limited",
            "The model cannot see what matters",
            f"R² is {value:.2f} of a possible {top:.2f}, and more sequences of this kind would add "
            "little: the values depend on something that these models do not see.",
            "Try other features or models (positions, pairs of motifs, networks), a longer part "
            "of the construct, or covariates such as the condition.",
        )
    if others:
        return None
    seen = "More sequences of this kind would add little" if flat else (
        "The learning curve is too uncertain to say what more sequences would add"
    )  # fmt: skip
    room = f"the noise leaves room up to {top:.2f}" if top else "how much is noise is not known"
    if not learnt:
        return Diagnosis(
            "no-signal",
            "Nothing was learnt",
            f"On test the models do no better than the mean of train. {seen}; {room}.",
            "Check that sequences and values belong together, row by row. If they do, measure more "
            "sequences, with replicates.",
        )
    return Diagnosis(
        "undecided",
        "Noise, features or data: the table does not tell",
        f"R² is {value:.2f}. {seen}; {room}.",
        "Add columns of replicates or standard errors, which show the noise."
        if top is None
        else "Measure more sequences: they help, or they show that they do not.",
    )


def _is_flat(curve: Part) -> bool:
    """Return whether twice the rows would surely add little."""
    if curve is None or curve.get("gain") is None or curve["high"] is None:
        return False
    return bool(curve["gain"] < MIN_GAIN and curve["high"] < SURELY_LITTLE)
