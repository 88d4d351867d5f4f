from __future__ import annotations

import numpy as np
import optuna
import pytest

from seqexpr.search.blocks import Library
from seqexpr.search.candidates import Candidate, registered
from seqexpr.search.proposals import portfolio
from seqexpr.search.triallog import STUDY_FILE, TrialLog, TriedCandidate
from seqexpr.search.trials import Outcome

LIBRARY = Library(4, 20, aligned=True)


def everything(made_up):
    """One trial of every state, and one whose score is no number."""
    starts = [c for c in portfolio(LIBRARY) if c.model is None]
    outcomes = [
        made_up(0.5),
        made_up(0.1, state="pruned"),
        made_up(0.2, state="slow"),
        Outcome("failed", {}, message='ValueError: it\'s "odd"\nand long: ü'),
        made_up(np.nan),
    ]
    candidates = [registered("gc", LIBRARY), *starts[:4]]
    return [
        TriedCandidate(i, candidates[i], outcome, elapsed=1.5 * i)
        for i, outcome in enumerate(outcomes)
    ]


def require_same(found, wanted):
    assert (found.index, found.elapsed) == (wanted.index, wanted.elapsed)
    assert found.candidate.key == wanted.candidate.key
    assert dict(found.candidate.choices) == dict(wanted.candidate.choices)
    one, two = found.outcome, wanted.outcome
    assert one.state == two.state
    np.testing.assert_equal(dict(one.scores), dict(two.scores))  # NaN equals NaN
    for name in ("seconds", "fit_seconds", "n_features", "message"):
        assert getattr(one, name) == getattr(two, name)
    np.testing.assert_equal(one.out_of_fold, two.out_of_fold)


def test_what_was_added_is_read_back(made_up, tmp_path):
    log, tried = TrialLog(tmp_path, LIBRARY), everything(made_up)
    for one in reversed(tried):  # trials end in any order
        log.add(one)
    for reader in (log, TrialLog(tmp_path, LIBRARY)):
        found = reader.read()
        assert sorted(found) == list(range(5))
        for one in tried:
            require_same(found[one.index], one)
        reader.close()


def test_predictions_without_their_trial_are_not_a_trial(made_up, tmp_path, monkeypatch):
    """The process ended between the two: the trial is made again, and may be added again."""
    log, tried = TrialLog(tmp_path, LIBRARY), everything(made_up)
    log.add(tried[1])

    class Killed(BaseException):
        pass

    def kill(trial):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(log._study, "add_trial", kill)
        with pytest.raises(Killed):
            log.add(tried[0])
    log.close()
    again = TrialLog(tmp_path, LIBRARY)
    assert list(again.read()) == [1]
    again.add(tried[0])
    require_same(again.read()[0], tried[0])
    again.close()


@pytest.mark.parametrize("harm", ["removed", "truncated", "emptied"])
def test_a_trial_whose_predictions_are_lost_is_made_again(harm, made_up, tmp_path):
    log, tried = TrialLog(tmp_path, LIBRARY), everything(made_up)
    log.add(tried[0])
    log.add(tried[1])
    [file] = tmp_path.glob("trial-*.npy")
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-5] if harm == "truncated" else b"")
    assert list(log.read()) == [1]
    log.add(tried[0])
    require_same(log.read()[0], tried[0])
    log.close()


def test_the_file_is_a_study_of_optuna(made_up, tmp_path):
    log = TrialLog(tmp_path, LIBRARY)
    for one in everything(made_up):
        log.add(one)
    log.close()
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / STUDY_FILE}")
    study = optuna.load_study(study_name=None, storage=storage)
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    assert [t.state.name for t in study.trials] == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "FAIL"]
    assert study.best_value == 0.5
    assert study.trials[1].params["learner"] == "ridge"
    storage.engine.dispose()


@pytest.mark.parametrize("name", ["with space", "50%20", "a#b", "a?b", "ü"])
def test_folders_of_any_name_do(name, made_up, tmp_path):
    log = TrialLog(tmp_path / name, LIBRARY)
    log.add(TriedCandidate(0, Candidate({"model": "mean"}, LIBRARY), made_up(0.1), 1.0))
    log.close()
    assert (tmp_path / name / STUDY_FILE).exists()
    again = TrialLog(tmp_path / name, LIBRARY)
    assert list(again.read()) == [0]
    again.close()
