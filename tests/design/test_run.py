"""The whole job: every design keeps to everything, and the table says what is so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seqexpr
from seqexpr.bundle.bundle import sequence_digests
from seqexpr.design.constraints import Constraints, GcWindow
from seqexpr.design.run import design
from seqexpr.errors import InputError, UnknownNameError
from seqexpr.sequences import reverse_complement


def differ(a, b):
    return sum(x != y for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="session")
def start(library):
    return library["sequence"].iloc[library["expression"].argmax()]


constraints = st.builds(
    Constraints,
    template=st.sampled_from([None, "N" * 20 + "RTATAAT" + "N" * 33, "n" * 10 + "N" * 50]),
    fixed=st.sampled_from([(), ((0, 5), (55, 60))]),
    forbidden=st.sampled_from([(), ("EcoRI", "BsaI"), ("GGG",)]),
    gc=st.sampled_from([(0.0, 1.0), (0.4, 0.5)]),
    gc_window=st.sampled_from([None, GcWindow(20, 0.2, 0.7)]),
    max_homopolymer=st.sampled_from([None, 4]),
    start_codons=st.sampled_from([(), ("ATG", "GTG")]),
    max_changes=st.sampled_from([None, 14]),
    train_distance=st.sampled_from([1, 6]),
    distance=st.sampled_from([None, 2]),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=constraints, method=st.sampled_from(["greedy", "evolve"]), seed=st.integers(0, 99))
def test_every_design_keeps_to_every_constraint(ridge, library, start, rules, method, seed):
    run = design(
        ridge,
        start=start,
        constraints=rules,
        n=4,
        search=method,
        seed=seed,
        iterations=12,
        controls=2,
    )
    designs = run.table[run.table["role"] == "design"]
    train = library["sequence"].tolist()
    assert len(designs) == run.n_designs >= 1
    for row in designs.itertuples():
        one = row.sequence
        changed = [i for i in range(60) if one[i] != start[i]]
        assert row.n_changes == len(changed) <= (rules.max_changes or 60)
        assert row.changes == ";".join(f"{start[i]}{i + 1}{one[i]}" for i in changed)
        assert row.train_distance == min(differ(one, other) for other in train)
        assert row.train_distance >= rules.train_distance
        for first, end in rules.fixed:
            assert one[first:end] == start[first:end]
        if rules.template and rules.template[0] == "n":
            assert one[:10] == start[:10]
        elif rules.template:
            assert one[20] in "AG"
            assert one[21:27] == "TATAAT"
        for site in rules.sites:
            assert not any(word in one for word in site.words)
        assert (
            round(60 * rules.gc[0], 6) <= sum(b in "CG" for b in one) <= round(60 * rules.gc[1], 6)
        )
        if rules.gc_window:
            windows = [sum(b in "CG" for b in one[i : i + 20]) for i in range(41)]
            assert 4 <= min(windows) <= max(windows) <= 14
        if rules.max_homopolymer:
            assert row.longest_homopolymer <= 4
            assert not any(base * 5 in one for base in "ACGT")
        for codon in rules.start_codons:
            assert not any(one[i : i + 3] == codon != start[i : i + 3] for i in range(58))
        assert row.in_domain
    assert not np.isin(sequence_digests(designs["sequence"]), ridge.train_digests).any()
    pairs = [
        differ(a, b) for i, a in enumerate(designs["sequence"]) for b in designs["sequence"][:i]
    ]
    assert min(pairs, default=99) >= run.distance
    scrambles = run.table[run.table["role"] == "control:scramble"]["sequence"]
    for one in scrambles:
        assert not any(word in one for site in rules.sites for word in site.words)


@pytest.fixture(scope="session")
def plain(ridge):
    return design(ridge, n=8, controls=3)


def test_a_seed_gives_the_same_designs(ridge, plain):
    again = design(ridge, n=8, controls=3)
    pd.testing.assert_frame_equal(again.table, plain.table)
    other = design(ridge, n=8, controls=3, search="evolve", iterations=5, seed=1)
    once_more = design(ridge, n=8, controls=3, search="evolve", iterations=5, seed=1)
    pd.testing.assert_frame_equal(other.table, once_more.table)


def test_the_table_says_what_predict_says(ridge, plain):
    table, asked = plain.table, ridge.predict_table(plain.table["sequence"].tolist())
    for name in ("predicted", "in_domain", "domain_score"):
        pd.testing.assert_series_equal(table[name], asked[name], check_names=False, rtol=1e-9)
    low, high = ridge.calibration.intervals.span(0)
    inside = table["predicted"].between(low, high).to_numpy()
    np.testing.assert_allclose(table["lower"][inside], asked["lower"][inside])
    np.testing.assert_allclose(table["bound"], table["lower"])
    assert (table["lower"] <= asked["lower"] + 1e-9).all()


def test_the_reasons_are_what_putting_a_base_back_would_cost(ridge, library, plain):
    sequences = dict(zip(library["id"], library["sequence"], strict=True))
    row = plain.table.iloc[0]
    own = sequences[row["start"]]
    first, value = row["why"].split("; ")[0].split()
    place = int(first[1:-1]) - 1
    assert (own[place], row["sequence"][place]) == (first[0], first[-1])
    back = row["sequence"][:place] + own[place] + row["sequence"][place + 1 :]
    lost = ridge.predict([row["sequence"]]) - ridge.predict([back])
    assert float(value) == pytest.approx(lost[0, 0], abs=0.006)


def test_controls_are_scrambles_and_starts(library, plain):
    table = plain.table
    assert table["role"].value_counts().to_dict() == {
        "design": 8, "control:scramble": 3, "control:start": 3,
    }  # fmt: skip
    designs = table[table["role"] == "design"]["sequence"].tolist()
    for one, design_ in zip(
        table[table["role"] == "control:scramble"]["sequence"], designs, strict=False
    ):
        assert one != design_
        pairs = [sorted(s[i : i + 2] for i in range(59)) for s in (one, design_)]
        assert pairs[0] == pairs[1]
    starts = table[table["role"] == "control:start"]
    assert set(starts["sequence"]) <= set(library["sequence"])
    assert (starts["n_changes"] == 0).all()
    assert table["id"].is_unique


def test_designs_are_better_than_where_they_started(plain):
    designs = plain.table[plain.table["role"] == "design"]
    starts = plain.table[plain.table["role"] == "control:start"]
    assert designs["predicted"].min() > starts["predicted"].max()
    assert plain.to_dict()["bound"]["high"] >= plain.best_start - 1e-9


def test_lowering_a_value_and_separating(ridge, twofold):
    lowered = design(ridge, goal="min", n=3).table
    assert (lowered["bound"] == lowered["upper"]).all()
    hit = design(ridge, goal=1.2, n=3, start="random").table
    assert (abs(hit["predicted"] - 1.2) < 0.2).all()
    apart = design(twofold, target="expression", against="other", n=3).table
    difference = apart["predicted_expression"] - apart["predicted_other"]
    measured = twofold.predict(apart["sequence"].tolist())
    np.testing.assert_allclose(difference, measured[:, 0] - measured[:, 1])
    np.testing.assert_allclose(apart["bound"], apart["lower_expression"] - apart["upper_other"])


def test_starts_are_repaired_and_unknown_bases_drawn(ridge, start):
    run = design(ridge, start=[start[:30].lower().replace("t", "u") + "NN" + start[32:]], n=2)
    assert "1 start has unknown bases, which were drawn at random" in run.warnings
    assert set("".join(run.table["sequence"])) <= set("ACGT")
    assert (run.table["n_changes"] > 0).all()


def test_starts_of_several_lengths_are_designed_side_by_side(ridge, start):
    rules = Constraints(max_changes=1, distance=1)
    run = design(
        ridge, start=[start, start[:58]], n=400, outside_domain=True, constraints=rules,
        iterations=5,
    )  # fmt: skip
    assert run.n_starts == 2
    of_start = run.table.groupby("start")["sequence"].agg(lambda rows: set(rows.str.len()))
    assert of_start.to_dict() == {"start 1": {60}, "start 2": {58}}
    assert any("starts of 58 bases; the model was trained on 60" in w for w in run.warnings)
    assert run.table["id"].is_unique


def test_more_than_there_are_is_told(ridge, start):
    rules = Constraints(template="N" * 2 + "n" * 58, distance=2)
    run = design(ridge, start=start, constraints=rules, n=100)
    assert run.n_designs <= 16
    assert f"{run.n_designs} of 100 designs: no more were found" in run.warnings[-1]


def test_a_table_is_written_whole(ridge, tmp_path):
    run = design(ridge, n=2, iterations=3, output=tmp_path / "designs.fasta")
    written = (tmp_path / "designs.fasta").read_text().splitlines()
    assert written[0].startswith(">design_01 role=design")
    assert written[1] == run.table["sequence"][0]


def test_a_deadline_ends_a_search(ridge):
    run = design(ridge, n=2, seconds=0.0, search="evolve", start="random")
    assert "the time was up before the search had ended" in run.warnings


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"search": "gready"}, UnknownNameError, "unknown search 'gready'; did you mean 'greedy'"),
        ({"objective": "bond"}, UnknownNameError, "did you mean 'bound'"),
        ({"goal": "maxx"}, InputError, "did you mean 'max'.*write max, min or a number"),
        ({"goal": "nan"}, InputError, "write max, min or a number"),
        ({"goal": "min", "against": "other"}, InputError, "leave it at max"),
        ({"target": "expresion"}, UnknownNameError, "did you mean 'expression'"),
        ({"against": "expression"}, InputError, "that is the target itself"),
        ({"covariates": {"dose": 1}}, InputError, "no covariate 'dose'; it reads nothing but"),
        ({"n": 0}, InputError, "n = 0"),
        ({"start": "ACGTX"}, InputError, "is no DNA sequence, and no such file is there"),
        ({"start": ["ACGT", "AC!T"]}, InputError, "start 2: not DNA: '!' at position 3"),
        ({"start": "random", "constraints": Constraints(fixed=((0, 4),))}, InputError, "no bases to keep"),
        ({"start": "random", "constraints": Constraints(template="n" * 60)}, InputError, "lower-case letters keep"),
        ({"start": "random", "constraints": Constraints(template="N" * 40)}, InputError, "trained on 60 bases"),
        ({"start": "measured", "length": 50}, InputError, "has no sequence of 50 known bases"),
        ({"start": "ACGT" * 15, "length": 60}, InputError, "have their own length"),
        ({"search": "gradient"}, InputError, "for a network that reads sequences"),
        ({"constraints": Constraints(gc=(0.95, 1.0)), "iterations": 3}, InputError, "no design was found.*the training domain"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(ridge, choices, error, message):
    with pytest.raises(error, match=message):
        design(ridge, **choices)


def test_a_model_of_several_targets_wants_to_know_which(twofold):
    with pytest.raises(
        InputError, match=r"predicts 2 targets \(expression, other\); say which one"
    ):
        design(twofold)


def test_without_its_table_a_model_designs_from_random_and_keeps_no_distance(
    library, tmp_path, tools
):
    table = library[["id", "sequence", "expression"]].head(300)
    bundle = tools.bundle_of(tmp_path, table)
    (tmp_path / "library.parquet").unlink()
    run = design(bundle, n=2, iterations=40, outside_domain=True)
    assert run.start == "random"
    assert "distances to training are not known" in run.notes[0]
    assert run.table["train_distance"].isna().all()
    with pytest.raises(InputError, match=r"cannot be read.*--from TABLE"):
        design(bundle, constraints=Constraints(train_distance=3))
    with pytest.raises(InputError, match="lacks 200 of the 300 training sequences"):
        design(bundle, table=table.head(100), constraints=Constraints(train_distance=3))
    few = design(bundle, table=table.head(100), n=2, iterations=3, outside_domain=True)
    assert "lacks 200 of the 300 training sequences" in few.notes[0]


def test_no_design_is_the_other_strand_of_a_training_sequence(ridge, library):
    first = library["sequence"][0]
    turned = reverse_complement(first)
    rules = Constraints(max_changes=1)
    # One change leads from here to a training sequence, read from its other end.
    start = turned[:5] + ("A" if turned[5] != "A" else "C") + turned[6:]
    run = design(ridge, start=start, constraints=rules, n=200, outside_domain=True)
    assert run.n_designs > 20
    assert turned not in set(run.table["sequence"])


def test_the_room_can_be_called():
    from seqexpr import design as found

    assert callable(found)
    import sys

    assert callable(sys.modules["seqexpr.design"])
    assert callable(seqexpr.design)
