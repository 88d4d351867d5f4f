from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.bundle.manifest import (
    FileRecord,
    Golden,
    InputSchema,
    Manifest,
    ManifestScore,
    ModelInfo,
    TargetInfo,
    TrainingData,
    changed_packages,
    package_versions,
    parse_manifest,
    utc_now,
    write_manifest,
)
from seqexpr.errors import BundleError

MANIFEST = Manifest(
    format_version=1,
    created=utc_now(),
    packages=package_versions(),
    model=ModelInfo(name="ridge", title="Ridge", description="Linear.", types=("sklearn.pipeline.Pipeline",)),
    recipe={"table": "a.csv", "target": ["µ"]},
    input=InputSchema(sequence_column=None, alphabet="ACGT", min_length=1, median_length=2.5, max_length=4),
    targets=(TargetInfo(name="µ", unit="a.u."),),
    transform={"kind": "none"},
    data=TrainingData(source="a.csv", sha256="0" * 64, n_rows=9, n_sequences=8, n_train=6, train_sha256="1" * 64),
    split={"strategy": "random", "parameters": {"test_size": 0.1}},
    scores=(ManifestScore(target="µ", set="test", metric="r2", value=0.1 + 0.2, low=None, high=None, n=2),),
    warnings=("split at random",),
    golden=Golden(sequences=("A", "ACGT"), predictions=((0.1,), (None,)), dtype="float64"),
    files={"README.md": FileRecord(sha256="2" * 64, size=3)},
)  # fmt: skip


def test_written_and_read_it_is_the_same(tmp_path):
    write_manifest(MANIFEST, tmp_path / "manifest.json")
    data = (tmp_path / "manifest.json").read_bytes()
    assert parse_manifest(data, where="model") == MANIFEST
    assert [p.name for p in tmp_path.iterdir()] == ["manifest.json"]
    content = json.loads(data)
    assert list(content) == sorted(content)
    assert b"NaN" not in data
    assert "µ" in data.decode("utf-8")


def test_it_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        MANIFEST.format_version = 2


def test_nan_is_not_taken():
    with pytest.raises(ValueError, match="finite"):
        ManifestScore(
            target="a", set="test", metric="r2", value=float("nan"), low=None, high=None, n=1
        )


def change(**parts: object) -> bytes:
    return json.dumps(json.loads(MANIFEST.to_json()) | parts).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "damaged .not JSON"),
        (b"{", "damaged .not JSON"),
        (b"\xff\xfe{}", "damaged .not JSON"),
        (b"[1]", "damaged .a list, not an object"),
        (b"[" * 200_000, "damaged .not JSON"),
        (b"{}", "no format_version, so it is not a seqexpr bundle"),
        (change(format_version=True), "no format_version"),
        (change(format_version=0), "no format_version"),
        (change(format_version="1"), "no format_version"),
        (change(format_version=2), r"newer seqexpr \(format 2, this one reads up to 1\); upgrade: pip"),
        (change(created="now"), "was changed after it was written"),
        (change(sha256="0" * 64), "was changed after it was written"),
        (change(sha256=None), "was changed after it was written"),
        (change(targets=[{"name": 1, "unit": ""}]), r"damaged \(targets.0.name: Input should be a valid string"),
        (change(targets=[]), "not one golden prediction for each target"),
        (change(golden={"sequences": ["A"], "predictions": [], "dtype": "float64"}), "for each golden sequence"),
        (change(surprise=1), r"damaged \(surprise: Extra inputs"),
        (change(golden={"sequences": []}), r"damaged \(golden.predictions: Field required"),
        (change(split={"a": float("nan")}), r"damaged"),
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_told(data, message):
    with pytest.raises(BundleError, match=message) as caught:
        parse_manifest(data, where="run/model")
    assert str(caught.value).startswith("run/model")
    assert str(caught.value).count("\n") <= 1


@given(st.integers(0, len(MANIFEST.to_json()) - 1), st.sampled_from('0aZ}" '))
def test_no_change_of_a_letter_passes(position, letter):
    text = MANIFEST.to_json()
    changed = text[:position] + letter + text[position + 1 :]
    try:
        same = json.loads(changed) == json.loads(text)
    except ValueError:
        same = False
    if same:  # only white space
        assert parse_manifest(changed.encode(), where="model") == MANIFEST
    else:
        with pytest.raises(BundleError, match="model"):
            parse_manifest(changed.encode(), where="model")


def test_versions():
    now = package_versions()
    assert changed_packages(now) == []
    assert set(now) == {
        "python",
        "seqexpr",
        "numpy",
        "scipy",
        "scikit-learn",
        "lightgbm",
        "numba",
        "skops",
    }
    assert changed_packages({"numpy": "0"}) == [f"numpy 0 → {now['numpy']}"]


def test_a_package_that_is_not_there(monkeypatch):
    monkeypatch.setattr("seqexpr.bundle.manifest._PACKAGES", ("numpy", "no-such-package"))
    assert package_versions()["no-such-package"] == "not installed"
