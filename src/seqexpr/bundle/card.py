"""The model card: README.md of a bundle, for people and for model hubs."""

from __future__ import annotations

import json
import math
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from seqexpr.data.covariates import Covariate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seqexpr.bundle.manifest import Manifest, ManifestScore

__all__ = ["model_card"]

# Names of the metrics on model hubs.
_HUB_NAMES = {"pearson": "pearsonr", "spearman": "spearmanr", "r2": "r_squared"}
_TITLES = {
    "mse": "mean squared error", "rmse": "root mean squared error", "mae": "mean absolute error",
    "r2": "R²", "pearson": "Pearson correlation", "spearman": "Spearman correlation",
}  # fmt: skip
_SETS = {"test": "test", "validation": "out of fold", "train": "train"}


def model_card(manifest: Manifest, *, coverage: Mapping[str, Any] | None = None) -> str:
    """Return the model card as Markdown with the metadata of Hugging Face cards.

    Parameters
    ----------
    manifest : Manifest
        What the bundle says about itself.
    coverage : mapping, optional
        The ``intervals`` of evaluation.json; left out if None.

    Returns
    -------
    str
        README.md: a YAML header, then intended use, data, split, scores with
        intervals, limits, and how to load and predict.

    References
    ----------
    Mitchell et al. 2019, Model Cards for Model Reporting, FAT* '19.
    The header: https://github.com/huggingface/hub-docs, modelcard.md.
    """
    parts = [
        "---\n" + _yaml(_metadata(manifest)) + "---",
        f"# {_title(manifest)}",
        manifest.model.description,
        _use(manifest),
        _data(manifest),
        _scores(manifest),
        _coverage(coverage),
        _limits(manifest),
        _how_to(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(manifest: Manifest) -> str:
    targets = ", ".join(_plain(target.name) for target in manifest.targets)
    return f"{_plain(manifest.model.title)}: {targets} from DNA sequence"


def _metadata(manifest: Manifest) -> dict[str, Any]:
    source = PurePath(manifest.data.source).name
    results = []
    for target in manifest.targets:
        scores = [
            {
                "type": _HUB_NAMES.get(score.metric, score.metric),
                "value": _rounded(score.value),
                "name": f"{_TITLES.get(score.metric, score.metric)} (test)",
            }
            for score in manifest.scores
            if score.set == "test" and score.target == target.name and score.value is not None
        ]
        if scores:
            results.append(
                {
                    "task": {"type": "tabular-regression", "name": f"Predict {target.name}"},
                    "dataset": {
                        "type": source,
                        "name": source,
                        "split": "test",
                        "revision": manifest.data.sha256,
                    },
                    "metrics": scores,
                }
            )
    metrics = dict.fromkeys(_HUB_NAMES.get(s.metric, s.metric) for s in manifest.scores)
    metadata: dict[str, Any] = {
        "license": "other",
        "license_name": "not-stated",
        "library_name": "seqexpr",
        "pipeline_tag": "tabular-regression",
        "tags": ["biology", "dna", "gene-expression", "seqexpr", manifest.model.name],
    }
    if metrics:
        metadata["metrics"] = list(metrics)
    if results:
        name = f"seqexpr-{manifest.model.name}"
        metadata["model-index"] = [{"name": name, "results": results}]
    return metadata


def _use(manifest: Manifest) -> str:
    read = manifest.input
    units = [f"`{target.name}` in {target.unit}" for target in manifest.targets if target.unit]
    lines = [
        "## Intended use",
        "",
        (
            f"Predicts {_names(manifest)} of DNA sequences like those it was trained on: "
            f"{_lengths(manifest)}, from the same kind of library, measured in the same way. "
            "Use it to rank designs and to find sequences worth measuring."
        ),
    ]
    if units:
        lines += ["", f"Units: {', '.join(units)}."]
    scale = manifest.transform.get("kind", "none")
    if scale != "none":
        lines += ["", f"Predictions are on the scale that was modelled ({scale})."]
    lines += [
        "",
        (
            f"Input: letters {read.alphabet} (lower case and U are read as DNA; letters other than "
            "A, C, G and T count as unknown bases)."
        ),
    ]
    if read.covariates:
        lines += ["", "Beside the sequence it reads these columns:", ""]
        lines += [
            f"- `{_plain(item.name)}`: {_plain(Covariate(**dict(item)).in_words())}."
            for item in read.covariates
        ]
    return "\n".join(lines)


def _data(manifest: Manifest) -> str:
    data, split = manifest.data, manifest.split
    lines = [
        "## Data and split",
        "",
        (
            f"- Table: `{_plain(PurePath(data.source).name)}`, {data.n_rows:,} rows, of which "
            f"{data.n_sequences:,} were used."
        ),
        f"- Digest of the data (SHA-256): `{data.sha256}`.",
        f"- Trained on {data.n_train:,} sequences (SHA-256 `{data.train_sha256}`).",
    ]
    if "strategy" in split:
        counts = [
            f"{split[key]:,} {name}"
            for key, name in (
                ("n_train", "train"), ("n_test", "test"), ("n_excluded", "left out"),
            )
            if isinstance(split.get(key), int) and (split[key] or name != "left out")
        ]  # fmt: skip
        folds = split.get("n_folds")
        inner = f"; {folds} folds inside train" if folds else ""
        if split.get("scheme") == "nested":
            counts = counts[:1]
            inner = f"; nested cross-validation, {folds} folds, {split['repeats']} repeats"
        lines.append(f"- Split: {split['strategy']} ({', '.join(counts)}{inner}).")
    if split.get("reason"):
        reason = _plain(str(split["reason"]))
        lines.append(f"- {reason[:1].upper()}{reason[1:]}.")
    return "\n".join(lines)


def _scores(manifest: Manifest) -> str:
    shown = [score for score in manifest.scores if score.set != "train"]
    if not shown:
        return ""
    lines = [
        "## Scores",
        "",
        (
            "Test rows were looked at once, after the model had been chosen. Intervals are 95% "
            "bootstrap intervals."
        ),
        "",
        "| target | set | metric | value | 95% interval | sequences |",
        "|---|---|---|---:|---|---:|",
    ]
    for score in sorted(shown, key=lambda score: score.set != "test"):
        title = _TITLES.get(score.metric, score.metric)
        lines.append(
            f"| {_plain(score.target)} | {_SETS[score.set]} | {title} | {_number(score.value)} | "
            f"{_interval(score)} | {score.n:,} |"
        )
    return "\n".join(lines)


def _coverage(coverage: Mapping[str, Any] | None) -> str:
    if not coverage:
        return ""
    lines = ["## How sure is each prediction", ""]
    for item in coverage["targets"]:
        found = item["coverage"]
        if found["value"] is None:
            continue
        lines.append(
            f"- {_plain(item['target'])}: {coverage['level']:.0%} prediction intervals held "
            f"{found['value']:.1%} of {found['n']:,} test values (95% interval {found['low']:.1%} "
            f"to {found['high']:.1%}); mean width {_number(item['mean_width'])}."
        )
    domain = coverage.get("domain")
    if domain and domain["share_outside"] is not None:
        lines.append(
            f"- {domain['share_outside']:.1%} of the test sequences lie outside the training "
            "domain; intervals promise nothing there."
        )
    return "\n".join(lines) if len(lines) > 2 else ""


def _limits(manifest: Manifest) -> str:
    lines = [
        "## Limits",
        "",
        (
            "- A prediction for another organism, cell type, condition or construct is a guess; "
            "nothing here measures how good."
        ),
        f"- Sequences shorter or longer than {_lengths(manifest)} lie outside what it has seen.",
        (
            "- The scores hold for sequences as similar to the training set as the test set is; "
            "the split above says how they were kept apart."
        ),
        "- It was fitted to show association. What it leans on need not be what a cell uses.",
        (
            f"- {len(manifest.golden.sequences)} sequences, nearly all from training, stand in the "
            "manifest to check the model when it is loaded. Of the others there are digests, which "
            "tell whoever has a sequence that it was used."
        ),
        *(f"- {_plain(text)}" for text in manifest.warnings),
        "- The licence is not stated; whoever publishes this model sets it above.",
    ]
    return "\n".join(lines)


def _how_to(manifest: Manifest) -> str:
    trusted = manifest.model.untrusted
    option = f", trusted={tuple(trusted)!r}" if trusted else ""
    example = manifest.golden.sequences[0] if manifest.golden.sequences else "ACGT"
    if len(example) > 60:
        example = example[:60]
    beside = bool(manifest.input.covariates)
    source = "new_sequences.csv" if beside else "new_sequences.fasta"
    imports = "import pandas\nimport seqexpr" if beside else "import seqexpr"
    packages = ", ".join(f"{name} {version}" for name, version in manifest.packages.items())
    return f"""## How to use it

```bash
pip install seqexpr
seqexpr predict MODEL_FOLDER {source} -o predictions.csv
```

```python
{imports}

model = seqexpr.load("MODEL_FOLDER"{option})  # checks digests, types and golden predictions
{_call(manifest, example)}  # shape (n, {len(manifest.targets)})
```

Written {manifest.created} with {packages}."""


def _call(manifest: Manifest, example: str) -> str:
    if not manifest.input.covariates:
        return f"model.predict([{example!r}])"
    beside = {name: [cell] for name, cell in manifest.golden.covariates[0].items()}
    return f"model.predict(pandas.DataFrame({ ({'sequence': [example]} | beside)!r}))"


# YAML 1.2, section 5.1: everything else within the basic plane is printable, tabs are escaped by
# JSON already, and line separators would break a line.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _names(manifest: Manifest) -> str:
    return ", ".join(f"`{_plain(target.name)}`" for target in manifest.targets)


def _lengths(manifest: Manifest) -> str:
    low, high = manifest.input.min_length, manifest.input.max_length
    return f"{low:,} bases" if low == high else f"{low:,} to {high:,} bases"


def _plain(text: str) -> str:
    """Keep a name of the user's from being read as Markdown table or code."""
    return " ".join(text.replace("|", "/").replace("`", "'").split())


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _number(value: float | None) -> str:
    return "undefined" if value is None or not math.isfinite(value) else f"{value:.4g}"


def _interval(score: ManifestScore) -> str:
    if score.low is None or score.high is None:
        return ""
    return f"{_number(score.low)} to {_number(score.high)}"


def _yaml(value: Any, indent: str = "") -> str:
    """Write dicts, lists, text and numbers as YAML; every text is quoted as JSON."""
    lines = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list):
                lines.append(f"{indent}{key}:\n{_yaml(item, indent + '  ')}")
            else:
                lines.append(f"{indent}{key}: {_scalar(item)}\n")
    else:
        for item in value:
            if isinstance(item, dict):
                body = _yaml(item, indent + "  ")
                lines.append(f"{indent}- {body[len(indent) + 2 :]}")
            else:
                lines.append(f"{indent}- {_scalar(item)}\n")
    return "".join(lines)


def _scalar(value: Any) -> str:
    """Write text or a number as JSON, with what YAML does not print escaped too."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
