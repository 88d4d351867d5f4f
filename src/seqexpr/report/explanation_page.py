"""The report of an explanation: one HTML page that opens offline and prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqexpr import __version__
from seqexpr.files import atomic_path
from seqexpr.interpretation.coefficients import in_words
from seqexpr.interpretation.layout import mean_effects
from seqexpr.report import figures_explanation as figures
from seqexpr.report.drawing import figure_to_svg
from seqexpr.report.page import environment
from seqexpr.report.sections import Picture
from seqexpr.report.words import count
from seqexpr.sequences import BASES

if TYPE_CHECKING:
    from markupsafe import Markup

    from seqexpr.interpretation.attributions import Attributions
    from seqexpr.interpretation.coefficients import Coefficient
    from seqexpr.interpretation.explanation import Explanation, MotifReport

__all__ = ["TargetPage", "render_explanation", "write_explanation_report"]

MOST_CURVES = 6
MOST_PAIRS = 6
MOST_COEFFICIENTS = 20
WIDE = 860
METHODS = {
    "weights": "the weights of its words, laid back on the bases",
    "trees": "Shapley values of its words (TreeSHAP), laid back on the bases",
    "mutagenesis": "in-silico mutagenesis: every base changed to every other",
    "deeplift": "DeepLIFT",
    "integrated_gradients": "integrated gradients",
}
CHECK_TITLES = {
    "signal": "Does the model predict anything?",
    "sum": "Do contributions add up?",
    "agreement": "Does another method agree?",
    "members": "Do the members of the ensemble agree?",
    "twin": "Are planted motifs found?",
    "evidence": "Do measurements agree?",
}


class TargetPage:
    """What the page shows of one target.

    Parameters
    ----------
    name, unit : str
        Of the target.
    explanation : Explanation
        What was found.
    shown : list of (str, Attributions)
        Titles, and one sequence each by mutagenesis.
    coefficients : list of Coefficient
        Of a line; may be empty.
    mode : str
        What the features of the line are; see
        :func:`seqexpr.interpretation.coefficients.in_words`.
    """

    def __init__(
        self,
        name: str,
        unit: str,
        *,
        explanation: Explanation,
        shown: list[tuple[str, Attributions]],
        coefficients: list[Coefficient],
        mode: str,
    ) -> None:
        self.name, self.unit, self.explanation = name, unit, explanation
        self.shown, self.table, self.mode = shown, coefficients, mode
        self.drawn: dict[str, Markup] = {}
        """The pictures of the page by name, as they were drawn."""


def write_explanation_report(
    path: Path, pages: list[TargetPage], *, title: str, source: str, notes: tuple[str, ...]
) -> None:
    """Write the page, atomically; it loads nothing and runs no script.

    Parameters
    ----------
    path : Path
        Where.
    pages : list of TargetPage
        One a target.
    title : str
        Which model.
    source : str
        Which sequences.
    notes : tuple of str
        What is missing.
    """
    text = render_explanation(pages, title=title, source=source, notes=notes)
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "xmlcharrefreplace"))


def render_explanation(
    pages: list[TargetPage], *, title: str, source: str, notes: tuple[str, ...]
) -> str:
    """Return the page as HTML; see :func:`write_explanation_report`."""
    targets = [_target(page, number) for number, page in enumerate(pages, start=1)]
    return environment().get_template("explanation.html.j2").render(
        title=title, source=source, targets=targets, notes=list(notes), version=__version__,
        check_titles=CHECK_TITLES,
    )  # fmt: skip


def _target(page: TargetPage, number: int) -> dict[str, Any]:
    found = page.explanation
    anchor = f"target-{number}"
    failed = [check.text for check in found.checks if check.is_passed is False]
    confirmed = [motif for motif in found.motifs if motif.is_confirmed]
    return {
        "name": page.name,
        "unit": page.unit,
        "anchor": anchor,
        "is_trusted": found.is_trusted,
        "failed": failed,
        "lead": _lead(page, confirmed),
        "method": METHODS[found.attributions.method],
        "n": count(len(found.attributions.sequences)),
        "is_aligned": found.is_aligned,
        "both_strands": found.both_strands,
        "notes": found.notes,
        "motifs": [_motif_row(page, i, anchor) for i in range(1, len(found.motifs) + 1)],
        "effects": _effects(page, anchor),
        "known": _known(page, anchor),
        "places": _places(page, anchor),
        "curves": _curves(page, anchor),
        "pairs": _pairs(page, anchor),
        "sequences": _sequences(page, anchor),
        "has_members": any(one.spread is not None for _, one in page.shown),
        "coefficients": _coefficients(page),
        "checks": found.checks,
    }


def _lead(page: TargetPage, confirmed: list[MotifReport]) -> str:
    found = page.explanation
    if not found.motifs:
        return "No motif stands out."
    if not confirmed:
        return f"{len(found.motifs)} motifs stand out, none confirmed by measurements."
    up = [motif.name for motif in confirmed if motif.found.contribution > 0]
    down = [motif.name for motif in confirmed if motif.found.contribution < 0]
    parts = []
    if up:
        parts.append(f"{_listed(up)} raise{'s' if len(up) == 1 else ''} {page.name}")
    if down:
        parts.append(f"{_listed(down)} lower{'s' if len(down) == 1 else ''} it")
    return "; ".join(parts) + "."


def _listed(names: list[str], most: int = 4) -> str:
    shown = names[:most] + ([f"{len(names) - most} more"] if len(names) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _motif_row(page: TargetPage, number: int, anchor: str) -> dict[str, Any]:
    motif = page.explanation.motifs[number - 1]
    found = motif.found
    logo = figure_to_svg(
        figures.logo_figure(found.motif), name=f"{anchor}-logo-{number}",
        label=f"Logo of {found.motif.consensus}",
    )  # fmt: skip
    page.drawn[f"logo-{number}"] = logo
    best = motif.matches[0] if motif.matches else None
    return {
        "number": number,
        "logo": logo,
        "consensus": found.motif.consensus,
        "match": best.name if best and best.q_value <= 0.05 else "",
        "match_q": _p_value(best.q_value) if best else "",
        "n_sites": count(len(found.rows)),
        "model": _value(motif.model.effect),
        "measured": _value(motif.measured),
        "q_value": "" if not np.isfinite(motif.measured.value) else _p_value(motif.q_value),
        "is_confirmed": motif.is_confirmed,
        "is_known": np.isfinite(motif.measured.value),
    }


def _value(effect: Any) -> dict[str, str]:
    if not np.isfinite(effect.value):
        return {"value": "–", "interval": ""}
    interval = ""
    if np.isfinite(effect.low):
        interval = f"[{effect.low:.2f}, {effect.high:.2f}]"
    return {"value": f"{effect.value:+.2f}", "interval": interval}


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _effects(page: TargetPage, anchor: str) -> Picture | None:
    found = page.explanation
    if not found.motifs:
        return None
    rows = [
        figures.EffectRow(
            f"{number}  {motif.found.motif.consensus}", motif.measured, motif.model.effect,
            motif.is_confirmed,
        )
        for number, motif in enumerate(found.motifs, 1)
    ]  # fmt: skip
    what = "Best site beside the average one" if found.is_aligned else "Effect of one site"
    figure = figures.effects_figure(rows, label=_with_unit(what, page.unit))
    svg = figure_to_svg(figure, name=f"{anchor}-effects", label="Effects of the motifs")
    page.drawn["effects"] = svg
    where = "a site planted into shuffled sequences"
    if found.is_aligned:
        where = "the best site in place of that of each sequence"
    return Picture(
        svg, "What each motif does",
        f"Lines: 95% intervals. Measured: regression on sequences that the model has not seen, all "
        f"motifs together. In the model: {where}; its interval is over backgrounds and says "
        "nothing about whether the model is right.",
    )  # fmt: skip


def _with_unit(what: str, unit: str) -> str:
    return f"{what} ({unit})" if unit else what


def _known(page: TargetPage, anchor: str) -> dict[str, Any] | None:
    """Return the table of known motifs, and its picture."""
    known = page.explanation.known
    if not known:
        return None
    rows = [
        figures.EffectRow(one.motif.name, one.measured, one.model, one.is_confirmed)
        for one in known
    ]
    figure = figures.effects_figure(rows, label=_with_unit("Effect of one site", page.unit))
    svg = figure_to_svg(figure, name=f"{anchor}-known", label="Effects of known motifs")
    page.drawn["known"] = svg
    table = [
        {
            "name": one.motif.name,
            "consensus": one.motif.consensus,
            "n_with": count(one.measured.n_with),
            "model": _value(one.model),
            "is_in_model": one.is_in_model,
            "measured": _value(one.measured),
            "q_value": _p_value(one.q_value),
            "is_confirmed": one.is_confirmed,
        }
        for one in known
    ]
    caption = (
        "Lines: 95% intervals. Measured: all of these motifs together, in sequences that the model "
        "has not seen. In the model: the best site planted into shuffled sequences."
    )
    return {"rows": table, "picture": Picture(svg, "What known motifs do", caption)}


def _places(page: TargetPage, anchor: str) -> Picture | None:
    found = page.explanation
    if not found.is_aligned or found.attributions.method != "mutagenesis":
        return None
    effects = mean_effects(found.attributions)
    common = found.attributions.present.mean(axis=0).argmax(axis=0)
    consensus = "".join(BASES[base] for base in common)
    sites = [
        (int(m.found.starts[0]), int(m.found.starts[0]) + len(m.found.motif), f"{i} {m.name}")
        for i, m in enumerate(found.motifs, start=1)
        if m.is_confirmed
    ]
    figure = figures.places_figure(effects, consensus, sites, unit=page.unit, width=WIDE)
    label = "Mean effect of every change by position"
    svg = figure_to_svg(figure, name=f"{anchor}-places", label=label)
    page.drawn["positions"] = svg
    return Picture(
        svg, "Which positions matter",
        "Mean over the sequences with the commonest base at a position. Letters: what is lost, on "
        "average, by a change. Map: the change to each base. Bars: confirmed sites.",
    )  # fmt: skip


def _curves(page: TargetPage, anchor: str) -> list[Picture]:
    chosen = [m for m in enumerate(page.explanation.motifs, start=1) if m[1].is_confirmed]
    if page.explanation.is_aligned:
        return []
    pictures = []
    for number, motif in chosen[:MOST_CURVES]:
        figure = figures.curves_figure(motif, unit=page.unit)
        svg = figure_to_svg(
            figure, name=f"{anchor}-curve-{number}", label=f"Effect of {motif.name}"
        )
        turned = _value(motif.model.reverse)
        caption = f"On the other strand: {turned['value']} {turned['interval']}."
        pictures.append(Picture(svg, f"{number} {motif.name}", caption))
    return pictures


def _pairs(page: TargetPage, anchor: str) -> list[Picture]:
    motifs = page.explanation.motifs
    strength = [
        (max((abs(e.value) for e in pair.spacing.effects), default=0.0), i)
        for i, pair in enumerate(page.explanation.pairs)
    ]
    evident = [i for i, pair in enumerate(page.explanation.pairs) if pair.evidence]
    order = evident + [i for _, i in sorted(strength, reverse=True) if i not in evident]
    pictures = []
    for i in order[:MOST_PAIRS]:
        pair = page.explanation.pairs[i]
        names = motifs[pair.first].found.motif.consensus, motifs[pair.second].found.motif.consensus
        figure = figures.spacing_figure(pair, names=names, unit=page.unit)
        svg = figure_to_svg(figure, name=f"{anchor}-pair-{i}", label=f"{names[0]} and {names[1]}")
        said = "; ".join(
            f"measured {_value(item.effect)['value']} {_value(item.effect)['interval']} at gaps "
            f"{item.min_gap} to {item.max_gap if item.max_gap is not None else 'any'}, either order"
            for item in pair.evidence
        )
        pictures.append(
            Picture(svg, f"{names[0]} before {names[1]}", said or "Measurements call no effect.")
        )
    return pictures


def _sequences(page: TargetPage, anchor: str) -> list[Picture]:
    pictures = []
    for number, (title, one) in enumerate(page.shown, start=1):
        first, last = _window(one)
        part = slice(first, last)
        spread = None if one.spread is None else (one.spread[0] * one.present[0]).sum(axis=0)
        figure = figures.sequence_figure(
            one.sequences[0][part], one.effects[0][:, part], one.contributions[0][part],
            spread=None if spread is None else spread[part], unit=page.unit, first=first + 1,
            width=WIDE,
        )  # fmt: skip
        svg = figure_to_svg(figure, name=f"{anchor}-seq-{number}", label=f"{title}, base by base")
        page.drawn[f"sequence-{number}"] = svg
        caption = f"Predicted {one.predictions[0]:.2f}{f' {page.unit}' if page.unit else ''}."
        if last - first < len(one.sequences[0]):
            caption += f" Bases {first + 1} to {last} of {len(one.sequences[0])}."
        pictures.append(Picture(svg, title, caption))
    return pictures


def _window(one: Attributions) -> tuple[int, int]:
    """Return the stretch of a long sequence where most is contributed."""
    n = len(one.sequences[0])
    if n <= figures.MOST_BASES:
        return 0, n
    amounts = np.cumsum(np.pad(np.abs(one.contributions[0]), (1, 0)))
    sums = amounts[figures.MOST_BASES :] - amounts[: -figures.MOST_BASES]
    first = int(sums.argmax())
    return first, first + figures.MOST_BASES


def _coefficients(page: TargetPage) -> list[dict[str, str]]:
    sure = [item for item in page.table if item.q_value <= 0.05] or page.table[:5]
    return [
        {
            "words": in_words(item, mode=page.mode, unit=page.unit),
            "q_value": _p_value(item.q_value),
            "alike": ", ".join(item.alike[:6]),
        }
        for item in sure[:MOST_COEFFICIENTS]
    ]
