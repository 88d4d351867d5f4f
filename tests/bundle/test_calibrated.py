"""Intervals and domain in a bundle: there and back bit for bit, and damage is told."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seqexpr.bundle.calibrated import calibration_files, read_calibration
from seqexpr.bundle.prediction import predict_file
from seqexpr.bundle.store import load_bundle, save_bundle
from seqexpr.errors import BundleError
from seqexpr.evaluation.calibration import calibrate
from seqexpr.models.targets import TargetTransform
from seqexpr.recipe import Recipe


@pytest.fixture(scope="module")
def case(tools, tmp_path_factory) -> SimpleNamespace:
    """A calibrated bundle of two targets."""
    data = tools.dataset_of(tools.random_sequences(120), 2)
    model = tools.fitted("gc", data)
    rng = np.random.default_rng(0)
    predicted = np.asarray(model.predict(list(data.sequences)))
    calibration = calibrate(
        data.targets, predicted, sequences=data.sequences, folds=np.arange(120) % 4, rng=rng
    )
    folder = save_bundle(
        tmp_path_factory.mktemp("calibrated") / "model", model,
        recipe=Recipe.create(table="library.csv", target=data.target_names),
        evaluation=tools.evaluation_of("gc", data), dataset=data,
        transform=TargetTransform.fit(data.targets, "none"), calibration=calibration,
    )  # fmt: skip
    return SimpleNamespace(
        folder=folder,
        bundle=load_bundle(folder),
        calibration=calibration,
        files=calibration_files(calibration),
        new=tools.random_sequences(30, seed=5),
    )


def test_the_round_trip_is_bit_for_bit(case):
    assert {"conformal.json", "domain.json", "differences.json"} <= set(case.bundle.manifest.files)
    predicted = case.bundle.predict(case.new)
    first, again = (
        c.judge(case.new, predicted) for c in (case.calibration, case.bundle.calibration)
    )
    for name in ("lower", "upper", "domain_scores"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert calibration_files(case.bundle.calibration) == case.files


def test_a_table_says_how_far_to_trust_each_prediction(case):
    table = case.bundle.predict_table([*case.new, "A" * 40])
    assert list(table) == [
        "predicted_expression", "lower_expression", "upper_expression",
        "predicted_leak", "lower_leak", "upper_leak", "in_domain", "domain_score",
    ]  # fmt: skip
    assert (table["lower_leak"] <= table["predicted_leak"]).all()
    assert (table["predicted_leak"] <= table["upper_leak"]).all()
    assert table["in_domain"].tolist()[-1] is False
    assert table["in_domain"][:-1].mean() > 0.8
    assert ((table["domain_score"] <= 1) == table["in_domain"]).all()
    np.testing.assert_array_equal(
        table[["predicted_expression", "predicted_leak"]],
        case.bundle.predict([*case.new, "A" * 40]),
    )


def test_a_file_has_them_in_each_batch_and_counts_the_strangers(case, tmp_path):
    sequences = [*case.new, "A" * 40, "", case.new[0]]
    pd.DataFrame({"sequence": sequences}).to_csv(tmp_path / "in.csv", index=False)
    summary = predict_file(case.bundle, tmp_path / "in.csv", tmp_path / "o.csv", batch_size=7)
    frame = pd.read_csv(tmp_path / "o.csv")
    table = case.bundle.predict_table(case.new)
    for name in table:
        np.testing.assert_allclose(
            frame[name][:30].astype(float), table[name].astype(float), rtol=1e-9
        )
    assert frame.iloc[31][list(table)].isna().all()
    assert summary.n_outside_domain == (frame["in_domain"].astype(str) == "False").sum() >= 1
    predict_file(case.bundle, tmp_path / "in.csv", tmp_path / "o.fasta", batch_size=7)
    assert "in_domain=False" in (tmp_path / "o.fasta").read_text()


def test_a_bundle_without_them_predicts_and_says_nothing(bundle):
    table = load_bundle(bundle).predict_table(["ACGTACGTACGT"])
    assert np.isfinite(table["predicted"]).all()
    assert table[["lower", "upper", "in_domain", "domain_score"]].isna().all(axis=None)


def test_a_changed_file_is_seen(case, tools, tmp_path):
    import shutil

    folder = shutil.copytree(case.folder, tmp_path / "model")
    text = (folder / "domain.json").read_text().replace('"threshold": ', '"threshold": 1')
    (folder / "domain.json").write_text(text)
    with pytest.raises(BundleError, match=r"domain\.json"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("change", "n_targets", "message"),
    [
        ({"conformal.json": b"{"}, 2, "not JSON"),
        ({"domain.json": b"[]"}, 2, "a list, not an object"),
        ({"domain.json": b"{}"}, 2, "training domain of format None"),
        ({}, 1, "is for 2 targets, the model has 1"),
        ({"domain.json": None}, 2, r"needs domain\.json"),
        ({"differences.json": b"{}"}, 2, "differences of format None"),
        ({"conformal.json": None}, 2, r"differences\.json does not fit conformal\.json"),
    ],
)
def test_damage_is_told(case, change, n_targets, message):
    files = {k: v for k, v in (case.files | change).items() if v is not None}
    with pytest.raises(BundleError, match=message):
        read_calibration(files, n_targets=n_targets, where="m")


def test_the_files_are_plain_and_small(case):
    for content in case.files.values():
        assert len(content) < 1_000_000
        assert json.loads(content)["format_version"] == 1
