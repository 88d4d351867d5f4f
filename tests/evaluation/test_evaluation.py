from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.errors import InputError
from seqexpr.evaluation.evaluation import FORMAT_VERSION, Evaluation, ModelSummary, Score

names = st.text(min_size=1, max_size=8)
values = st.none() | st.floats(allow_nan=False, allow_infinity=False)
scores = st.builds(
    Score, names, names, st.sampled_from(["train", "validation", "test"]), names,
    values, values, values, st.integers(0, 10**6),
)  # fmt: skip
summaries = st.builds(
    ModelSummary, names, names, names, st.booleans(), st.integers(0, 9),
    st.none() | st.integers(0, 10**6), st.floats(0, 1e6),
)  # fmt: skip
R2 = Score("a", "y", "validation", "r2", 0.1, None, None, 9)
SMALL = Evaluation({"source": "x"}, {"strategy": "random"}, "a", (R2,), (), pd.DataFrame())


@given(
    st.builds(
        Evaluation,
        dataset=st.dictionaries(names, st.integers()),
        split=st.dictionaries(names, names),
        selected=names,
        rows=st.lists(scores, max_size=4).map(tuple),
        models=st.lists(summaries, max_size=3).map(tuple),
        predictions=st.just(pd.DataFrame()),
        warnings=st.lists(names, max_size=3).map(tuple),
        ceiling=st.none() | st.dictionaries(names, values),
    )
)
def test_it_survives_json(evaluation):
    text = json.dumps(evaluation.to_dict(), allow_nan=False)
    again = Evaluation.from_dict(json.loads(text))
    assert again.to_dict() == evaluation.to_dict()
    assert again.rows == evaluation.rows
    assert again.models == evaluation.models


def test_it_is_read_from_its_folder_with_its_predictions(tmp_path):
    predictions = pd.DataFrame({"id": ["a", "b"], "predicted": [1.0, 2.0]})
    SMALL.write(tmp_path / "evaluation.json")
    predictions.to_parquet(tmp_path / "predictions.parquet")
    for path in (tmp_path, tmp_path / "evaluation.json", str(tmp_path)):
        again = Evaluation.read(path)
        assert again.to_dict() == SMALL.to_dict()
        pd.testing.assert_frame_equal(again.predictions, predictions)
    (tmp_path / "predictions.parquet").unlink()
    assert len(Evaluation.read(tmp_path).predictions) == 0


def test_no_number_that_json_does_not_know_is_written(tmp_path):
    broken = replace(SMALL, rows=(replace(R2, value=float("nan")),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.write(tmp_path / "evaluation.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot read the evaluation"),
        ("[]", "it is no JSON object"),
        ("{}", "format_version None, this seqexpr reads 1"),
        ('{"format_version": 99}', "format_version 99"),
        ('{"format_version": 1}', "not an evaluation of seqexpr: 'dataset'"),
        (
            json.dumps(SMALL.to_dict() | {"rows": [{"modell": "a"}]}),
            "not an evaluation of seqexpr",
        ),
    ],
)
def test_what_is_no_evaluation_is_refused(tmp_path, text, message):
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(InputError, match=message):
        Evaluation.read(tmp_path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot read the evaluation"):
        Evaluation.read(tmp_path)


def test_the_version_is_in_the_document():
    assert SMALL.to_dict()["format_version"] == FORMAT_VERSION == 1


def test_a_score_is_found_by_what_it_is_of():
    other = replace(R2, target="z", value=0.7)
    evaluation = replace(SMALL, rows=(R2, other))
    assert evaluation.score("r2", set="validation").value == 0.1
    assert evaluation.score("r2", set="validation", target="z").value == 0.7
    with pytest.raises(InputError, match="no mse of model 'a' on test"):
        evaluation.score("mse")
