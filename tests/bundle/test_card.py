from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.card import _yaml, model_card
from seqexpr.bundle.manifest import ManifestScore, TargetInfo
from seqexpr.bundle.store import load_bundle

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), inner, min_size=1, max_size=3)
    | st.lists(st.dictionaries(st.from_regex(r"k[a-z_]{1,6}", fullmatch=True), inner, min_size=1, max_size=3) | st.text(), min_size=1, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["a", "b-c", "license"]), JSON, min_size=1))
def test_the_header_is_yaml(value):
    read = yaml.safe_load(_yaml(value))
    assert _same(read, value)


def _same(read, value) -> bool:
    """YAML 1.1 reads 1e5 as text, and JSON writes such numbers; all else is equal."""
    if isinstance(value, dict):
        return set(read) == {_key(k) for k in value} and all(
            _same(read[_key(k)], v) for k, v in value.items()
        )
    if isinstance(value, list):
        return len(read) == len(value) and all(map(_same, read, value))
    if isinstance(value, float):
        return math.isclose(float(read), value, abs_tol=0)
    return read == value


def _key(name: str) -> object:
    return yaml.safe_load(f"{name}: 1").popitem()[0]


@pytest.fixture
def manifest(bundle):
    return load_bundle(bundle).manifest


def header(card: str) -> dict:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_metadata_as_on_the_hub(manifest):
    data = header(model_card(manifest))
    assert data["license"] == "other"
    assert data["library_name"] == "seqexpr"
    assert data["pipeline_tag"] == "tabular-regression"
    assert {"dna", "gene-expression", "ridge"} <= set(data["tags"])
    assert data["metrics"] == ["pearsonr", "mse"]
    (index,) = data["model-index"]
    (result,) = index["results"]
    assert result["task"]["type"] == "tabular-regression"
    assert result["dataset"] == {
        "type": "library.csv",
        "name": "library.csv",
        "split": "test",
        "revision": manifest.data.sha256,
    }
    assert [(m["type"], m["value"]) for m in result["metrics"]] == [
        ("pearsonr", 0.8),
        ("mse", 0.25),
    ]


def test_every_part_is_there(manifest):
    card = model_card(manifest)
    for part in (
        "## Intended use",
        "## Data and split",
        "## Scores",
        "## Limits",
        "## How to use it",
    ):
        assert part in card
    assert manifest.data.sha256 in card
    assert "| expression | test | Pearson correlation | 0.8 | 0.7 to 0.9 | 20 |" in card
    assert "- Split: random (60 train, 20 test; 5 folds inside train)." in card
    assert "- No groups." in card
    assert "- relatives may straddle the split\n" in card
    assert "`expression` in a.u." in card
    assert f"{manifest.input.min_length} to {manifest.input.max_length} bases" in card


def test_the_python_in_it_runs(manifest, bundle):
    card = model_card(manifest).replace('"MODEL_FOLDER"', repr(str(bundle)))
    code = (
        card.split("```python\n")[1]
        .split("```")[0]
        .replace("seqexpr.load", "load_bundle")
        .replace("import seqexpr", "")
    )
    exec(code, {"load_bundle": load_bundle})


def test_an_undefined_score_and_no_interval(manifest):
    scores = (
        ManifestScore(target="expression", set="test", metric="pearson", value=None, low=None, high=None, n=4),
        ManifestScore(target="expression", set="train", metric="mse", value=1.0, low=None, high=None, n=4),
    )  # fmt: skip
    card = model_card(manifest.model_copy(update={"scores": scores}))
    assert "| expression | test | Pearson correlation | undefined |  | 4 |" in card
    assert "| train |" not in card
    assert "model-index" not in header(card)


def test_without_scores_units_or_split(manifest):
    bare = manifest.model_copy(
        update={"scores": (), "split": {}, "targets": (TargetInfo(name="y", unit=""),)}
    )
    card = model_card(bare)
    assert "## Scores" not in card
    assert "Units:" not in card
    assert "- Split" not in card
    assert "metrics" not in header(card)


def test_names_cannot_break_out(manifest):
    evil = "a|b`c\n---\n# d: 'x' \"y\""
    changed = manifest.model_copy(update={
        "targets": (TargetInfo(name=evil, unit=""),),
        "data": manifest.data.model_copy(update={"source": f"/home/me/{evil}.csv"}),
        "scores": tuple(s.model_copy(update={"target": evil}) for s in manifest.scores),
        "transform": {"kind": "log2"},
    })  # fmt: skip
    card = model_card(changed)
    assert header(card)["model-index"][0]["results"][0]["task"]["name"] == f"Predict {evil}"
    assert "| a/b'c --- # d: 'x' \"y\" | test |" in card
    assert "(log2)" in card
    assert "/home/me" not in card


def test_the_card_says_how_often_the_intervals_held(bundle):
    manifest = load_bundle(bundle).manifest
    found = {"value": 0.912, "low": 0.88, "high": 0.94, "n": 500}
    item = {"target": "y", "coverage": found, "mean_width": 1.234}
    coverage = {"level": 0.9, "targets": [item], "domain": {"share_outside": 0.04}}
    card = model_card(manifest, coverage=coverage)
    assert (
        "- y: 90% prediction intervals held 91.2% of 500 test values (95% interval 88.0% to 94.0%); "
        "mean width 1.234."
    ) in card
    assert "4.0% of the test sequences lie outside" in card
    assert "prediction intervals" not in model_card(manifest)
    item["coverage"] = found | {"value": None}
    assert "How sure" not in model_card(manifest, coverage=coverage | {"domain": None})
