"""The folder that an explanation is written to: a report, and numbers that other tools read."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqexpr.data.motifs import Motif, write_motifs
from seqexpr.errors import OutputError
from seqexpr.files import atomic_path, check_writable, replace_folder
from seqexpr.interpretation.attributions import Attributions
from seqexpr.interpretation.mutagenesis import mutagenesis
from seqexpr.report.explanation_page import TargetPage, write_explanation_report

if TYPE_CHECKING:
    from seqexpr.interpretation.explanation import Explanation, MotifReport
    from seqexpr.interpretation.known_motifs import KnownMotif
    from seqexpr.workflow.explain import ExplanationRun

__all__ = [
    "FORMAT_VERSION",
    "ExplanationFolder",
    "explanation_record",
    "known_record",
    "motif_record",
]

FORMAT_VERSION = 1
MARK = "explanation.json"
N_SHOWN = 1
"""Sequences shown from each end, and of those that were predicted worst."""


class ExplanationFolder:
    """Writes an explanation beside its place and moves it there when it is whole.

    Parameters
    ----------
    path : Path
        Where it shall be.
    overwrite : bool
        Whether an explanation that is there may be replaced.

    Raises
    ------
    OutputError
        If something is there and `overwrite` is false, if what is there is no
        explanation, or if the place is not writable.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        if path.is_dir() and any(path.iterdir()):
            if not (path / MARK).exists():
                raise OutputError(
                    f"{path} is a folder but not an explanation; choose another place with -o"
                )
            if not overwrite:
                raise OutputError(
                    f"{path} holds an explanation already; pass --overwrite to replace it"
                )
        elif path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; choose another place with -o")
        check_writable(path)
        self.path = path

    def write(self, run: ExplanationRun) -> None:
        """Write every file, then move the folder to its place."""
        draft = self.path.absolute().with_name(f".{self.path.name}.partial")
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "figures").mkdir(parents=True)
        try:
            pages = [self._page(run, number) for number in range(len(run.explanations))]
            _write_json(draft / MARK, run)
            _write_tables(draft, run)
            write_explanation_report(
                draft / "report.html", pages, title=run.bundle.manifest.model.title,
                source=run.source, notes=run.notes,
            )  # fmt: skip
            _write_figures(draft / "figures", pages)
            replace_folder(draft, self.path.absolute())
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _page(self, run: ExplanationRun, target: int) -> TargetPage:
        info = run.bundle.manifest.targets[target]
        explanation = run.explanations[info.name]
        first = getattr(run.bundle.model, "steps", [("", None)])[0][1]
        mode = getattr(first, "mode", "count" if hasattr(first, "word_scores") else "other")
        shown = []
        beside = run.covariates
        for title, row in _chosen(explanation, run.observed[info.name], run.is_seen):
            one = explanation.attributions.take([row])
            own = None if beside is None else beside.iloc[[row]].reset_index(drop=True)
            if one.method != "mutagenesis":
                one = mutagenesis(
                    run.bundle.model, list(one.sequences), ids=list(one.ids), target=target,
                    target_name=info.name,
                    covariates=own,
                )  # fmt: skip
            shown.append((f"{title}: {one.ids[0]}", one))
        return TargetPage(
            info.name, info.unit, explanation=explanation, shown=shown,
            coefficients=run.coefficients[info.name], mode=str(mode),
        )  # fmt: skip


def _chosen(
    explanation: Explanation, observed: npt.NDArray[np.float64], is_seen: npt.NDArray[np.bool_]
) -> list[tuple[str, int]]:
    """Return titles and rows of the sequences that are shown."""
    predicted = explanation.attributions.predictions
    order = np.argsort(predicted, kind="stable")
    chosen = [("Highest prediction", int(row)) for row in order[::-1][:N_SHOWN]]
    chosen += [("Lowest prediction", int(row)) for row in order[:N_SHOWN]]
    wrong = np.where(is_seen, np.nan, np.abs(observed - predicted))
    if np.isfinite(wrong).any():
        worst = np.argsort(-np.nan_to_num(wrong, nan=-1.0), kind="stable")[:N_SHOWN]
        chosen += [
            (f"Most wrong (measured {observed[row]:.2f})", int(row))
            for row in worst
            if np.isfinite(wrong[row])
        ]
    titles: dict[int, str] = {}
    for title, row in chosen:
        titles.setdefault(row, title)
    return [(title, row) for row, title in titles.items()]


def _plain(value: Any) -> Any:
    """Return what JSON can hold: NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def motif_record(motif: MotifReport, number: int) -> dict[str, Any]:
    """Return a motif as plain values, as explanation.json and motifs.tsv hold it."""
    best = motif.matches[0] if motif.matches else None
    model, measured = motif.model.effect, motif.measured
    return {
        "motif": number,
        "name": motif.name,
        "consensus": motif.found.motif.consensus,
        "n_sites": len(motif.found.rows),
        "min_score_bits": motif.found.min_score,
        "contribution": motif.found.contribution,
        "model_effect": model.value,
        "model_low": model.low,
        "model_high": model.high,
        "measured_effect": measured.value,
        "measured_low": measured.low,
        "measured_high": measured.high,
        "alone_effect": motif.alone.value,
        "alone_low": motif.alone.low,
        "alone_high": motif.alone.high,
        "measured_p": measured.p_value,
        "measured_q": motif.q_value,
        "is_confirmed": motif.is_confirmed,
        "match": best.name if best else None,
        "match_p": best.p_value if best else None,
        "match_q": best.q_value if best else None,
    }


def known_record(item: KnownMotif) -> dict[str, Any]:
    """Return a known motif as plain values, as explanation.json and known_motifs.tsv hold it."""
    return {
        "name": item.motif.name,
        "consensus": item.motif.consensus,
        "n_with": item.measured.n_with,
        "measured_effect": item.measured.value,
        "measured_low": item.measured.low,
        "measured_high": item.measured.high,
        "measured_p": item.measured.p_value,
        "measured_q": item.q_value,
        "is_confirmed": item.is_confirmed,
        "model_effect": item.model.value,
        "model_low": item.model.low,
        "model_high": item.model.high,
        "is_in_model": item.is_in_model,
    }


def explanation_record(run: ExplanationRun) -> dict[str, Any]:
    """Return an explanation as plain values that JSON can hold."""
    targets = {
        name: {
            "is_trusted": item.is_trusted,
            "method": item.attributions.method,
            "n_sequences": len(item.attributions.sequences),
            "is_aligned": item.is_aligned,
            "both_strands": item.both_strands,
            "checks": [asdict(check) for check in item.checks],
            "motifs": [motif_record(motif, i) for i, motif in enumerate(item.motifs, start=1)],
            "known_motifs": [known_record(one) for one in item.known],
            "coefficients": [asdict(c) for c in run.coefficients[name]],
            "notes": item.notes,
        }
        for name, item in run.explanations.items()
    }
    record = {
        "format_version": FORMAT_VERSION,
        "model": run.bundle.manifest.model.name,
        "source": run.source,
        "targets": targets,
        "notes": run.notes,
    }
    plain: dict[str, Any] = _plain(record)
    return plain


def _write_json(path: Path, run: ExplanationRun) -> None:
    with atomic_path(path) as temporary:
        text = json.dumps(explanation_record(run), indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _write_tables(folder: Path, run: ExplanationRun) -> None:
    import pandas as pd

    motifs, known, pairs, coefficients, sites, logos, parts = [], [], [], [], [], [], []
    several = len(run.explanations) > 1
    for name, item in run.explanations.items():
        parts.append(_attribution_frame(item.attributions))
        for number, motif in enumerate(item.motifs, start=1):
            motifs.append({"target": name} | motif_record(motif, number))
            label = f"{name}-{number}" if several else str(number)
            title = f"{label} {motif.found.motif.consensus}"
            logos.append(Motif(title, np.array(motif.found.motif.frequencies)))
            sites += _site_lines(motif, item.attributions.ids, label)
        known += [{"target": name} | known_record(one) for one in item.known]
        for pair in item.pairs:
            for at, effect in zip(pair.spacing.at.tolist(), pair.spacing.effects, strict=True):
                pairs.append({"target": name, "first": pair.first + 1, "second": pair.second + 1,
                              "gap": at, **asdict(effect)})  # fmt: skip
        coefficients += [{"target": name} | asdict(c) for c in run.coefficients[name]]
    with atomic_path(folder / "attributions.parquet") as temporary:
        pd.concat(parts, ignore_index=True).to_parquet(temporary, index=False)
    tables = {"motifs": motifs, "known_motifs": known, "pairs": pairs, "coefficients": coefficients}
    for stem, rows in tables.items():
        if not rows:
            continue
        frame = pd.DataFrame(rows)
        if "alike" in frame:
            frame["alike"] = [" ".join(alike) for alike in frame["alike"]]
        with atomic_path(folder / f"{stem}.tsv") as temporary:
            frame.to_csv(temporary, sep="\t", index=False, lineterminator="\n")
    if logos:
        write_motifs(folder / "motifs.meme", logos)
    with atomic_path(folder / "sites.bed") as temporary:
        temporary.write_text("".join(sites), encoding="utf-8")


def _attribution_frame(attributions: Attributions) -> Any:
    """Return one row a base: what it contributes, and what each other would."""
    import pandas as pd

    lengths = np.array([len(sequence) for sequence in attributions.sequences])
    inside = np.arange(attributions.contributions.shape[1]) < lengths[:, None]
    rows, places = np.nonzero(inside)
    ids = np.array(attributions.ids, dtype=object)
    by_base = np.moveaxis(attributions.values, 1, 2)
    values = by_base[inside].astype(np.float32)
    columns: dict[str, Any] = {
        "target": pd.Categorical([attributions.target] * len(rows)),
        "id": pd.Categorical(ids[rows], categories=list(dict.fromkeys(ids))),
        "position": places.astype(np.int32),
        "base": pd.Categorical(list("".join(attributions.sequences))),
        "contribution": attributions.contributions[inside].astype(np.float32),
    }
    columns |= {f"value_{base}": values[:, i] for i, base in enumerate("ACGT")}
    if attributions.spread is not None:
        spread = (attributions.spread * attributions.present).sum(axis=1)
        columns["spread"] = spread[inside].astype(np.float32)
    return pd.DataFrame(columns)


def _site_lines(motif: MotifReport, ids: tuple[str, ...], label: str) -> list[str]:
    found, width = motif.found, len(motif.found.motif)
    order = np.lexsort([found.starts, found.rows])
    return [
        f"{ids[found.rows[i]]}\t{found.starts[i]}\t{found.starts[i] + width}\t{label}\t0\t"
        f"{'-' if found.is_reverse[i] else '+'}\n"
        for i in order
    ]


def _write_figures(folder: Path, pages: list[TargetPage]) -> None:
    """Write the pictures of the page as files of their own."""
    own = '<svg xmlns="http://www.w3.org/2000/svg" font-family="DejaVu Sans, sans-serif" '
    for number, page in enumerate(pages, start=1):
        prefix = f"target{number}-" if len(pages) > 1 else ""
        for name, svg in page.drawn.items():
            with atomic_path(folder / f"{prefix}{name}.svg") as temporary:
                temporary.write_text(str(svg).replace("<svg ", own, 1) + "\n", encoding="utf-8")
