from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.data.checks import build_dataset, check_table
from seqexpr.data.columns import ColumnRoles
from seqexpr.data.table import Table, read_table
from seqexpr.errors import CheckFailedError, InputError
from seqexpr.sequences import normalize


def as_table(columns, *, first_row=1, **roles):
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    roles = {"sequence": "seq", "targets": ("y",) if "y" in frame else ()} | roles
    return Table(frame, ColumnRoles(**roles), "t.csv", "csv", ("a note",), first_row=first_row)


def good(n=120, seed=0):
    generator = np.random.default_rng(seed)
    sequences = ["".join(generator.choice(list("ACGT"), 30)) for _ in range(n)]
    return {"seq": sequences, "y": [f"{value:.6f}" for value in generator.standard_normal(n)]}


def rows_of(report, action):
    return {row for f in report.findings if f.action == action for row in f.rows.tolist()}


def test_a_good_table_has_no_findings_and_all_its_rows():
    columns = good()
    dataset, report = build_dataset(as_table(columns))
    assert report.findings == ()
    assert (report.n_kept, report.n_repaired, report.n_dropped) == (120, 0, 0)
    assert (report.source, report.notes) == ("t.csv", ("a note",))
    assert dataset.sequences.tolist() == columns["seq"]
    assert dataset.targets[:, 0].tolist() == [float(cell) for cell in columns["y"]]
    assert dataset.target_names == ("y",)
    assert dataset.target_units == ("",)
    assert dataset.ids[:2].tolist() == ["row 1", "row 2"]


def test_every_column_comes_along_in_the_order_of_the_rows():
    columns = good(60) | {
        "name": [f"s{k}" if k % 7 else None for k in range(60)],
        "w": ["1.5"] * 60,
        "r1": ["0.5"] * 59 + [""],
        "r2": [str(k) for k in range(60)],
        "g": ["a", "b", None] * 20,
        "chr": ["chr1", None, "chr2"] * 20,
        "fold": [1.0, 2.0, np.nan] * 20,
        "dose": list(range(60)),
    }
    columns["y"][4] = None  # row 5 is dropped
    columns["seq"][6] = columns["seq"][6].lower()
    dataset, report = build_dataset(
        as_table(
            columns, id="name", weight="w", replicates=("r1", "r2"), group="g",
            chromosome="chr", split="fold", covariates=("dose",),
        )
    )  # fmt: skip
    assert (report.n_kept, report.n_repaired, report.n_dropped) == (58, 1, 1)
    kept = [k for k in range(60) if k != 4]
    assert dataset.sequences.tolist() == [columns["seq"][k].upper() for k in kept]
    assert dataset.ids.tolist() == [f"s{k}" if k % 7 else f"row {k + 1}" for k in kept]
    assert dataset.weights.tolist() == [1.5] * 59
    assert dataset.replicates[:, 1].tolist() == [float(k) for k in kept]
    assert np.isnan(dataset.replicates[-1, 0])
    assert dataset.groups[:3].tolist() == ["a", "b", "row 3 (no group)"]
    assert dataset.chromosomes[:3].tolist() == ["chr1", "", "chr2"]
    assert dataset.split_labels[:3].tolist() == ["1", "2", ""]
    assert dataset.covariates["dose"].tolist() == kept
    codes = {finding.code for finding in report.findings}
    assert {"id-missing", "group-missing", "chromosome-missing", "split-missing"} <= codes


def test_one_report_has_everything_the_gravest_first():
    columns = good()
    columns["seq"][3:7] = ["AC!GT", "", "acgtacgta", "ACGU-ACGA"]
    columns["y"][10:14] = ["n/a", "", "1,5", "inf"]
    report = check_table(as_table(columns))
    codes = [finding.code for finding in report.findings]
    assert codes[:5] == [
        "sequence-empty", "sequence-not-dna", "target-not-numeric", "target-infinite",
        "target-decimal-comma",
    ]  # fmt: skip
    assert {"target-missing", "sequence-gaps", "sequence-lowercase", "sequence-rna"} < set(codes)
    order = [["error", "warning", "info"].index(finding.severity) for finding in report.findings]
    assert order == sorted(order)
    assert (report.n_kept, report.n_repaired, report.n_dropped) == (117, 2, 1)


def test_dropping_what_is_wrong_when_asked():
    columns = good()
    columns["seq"][3:5] = ["AC!GT", ""]
    columns["y"][4:7] = ["n/a", "inf", ""]
    table = as_table(columns)
    dataset, report = build_dataset(table, on_missing="drop", on_invalid="drop")
    assert report.n_dropped == 4
    assert rows_of(report, "dropped") == {4, 5, 6, 7}
    assert len(dataset) == 116
    for options in ({"on_missing": "drop"}, {"on_invalid": "drop"}, {}):
        assert check_table(table, **options).has_errors


def test_the_error_of_a_build_is_one_sentence_with_the_report():
    columns = good(20)
    columns["y"][16] = "n/a"
    with pytest.raises(CheckFailedError, match="column 'y': 1 of 20 values are not") as info:
        build_dataset(as_table(columns))
    assert str(info.value) == (
        "t.csv: column 'y': 1 of 20 values are not numbers (first: row 17, 'n/a'); "
        "fix them, or pass --on-missing drop"
    )
    assert info.value.report.has_errors
    assert info.value.exit_code == 1
    columns["seq"][2] = "!"
    with pytest.raises(CheckFailedError, match=r"\(1 more error: run seqexpr check\)$"):
        build_dataset(as_table(columns))


@pytest.mark.parametrize(
    ("n", "code"),
    [(0, "table-too-small"), (1, "table-too-small"), (2, "table-small"), (99, "table-small")],
)
def test_small_tables(n, code):
    columns = good(120)
    report = check_table(as_table({name: cells[:n] for name, cells in columns.items()}))
    found = {finding.code: finding.severity for finding in report.findings}
    assert found[code] == ("error" if n < 2 else "warning")


def test_rows_without_a_use_do_not_count_as_usable():
    columns = good(3)
    columns["y"][1:] = ["n/a", "n/a"]
    codes = [finding.code for finding in check_table(as_table(columns)).errors]
    assert codes == ["target-not-numeric", "table-too-small"]
    assert "target-constant" not in codes


def test_blank_lines_of_a_spreadsheet_are_dropped_without_an_error():
    columns = good()
    columns["seq"] += [None, None]
    columns["y"] += [None, None]
    dataset, report = build_dataset(as_table(columns))
    assert (len(dataset), report.n_dropped) == (120, 2)
    assert {finding.code for finding in report.findings} == {"target-missing"}


def test_rows_of_a_later_batch_keep_their_numbers():
    columns = good()
    columns["seq"][1] = "!"
    report = check_table(as_table(columns, first_row=10_001))
    assert report.errors[0].rows.tolist() == [10_002]
    assert "row 10,002" in report.errors[0].meaning
    dataset, _ = build_dataset(as_table(columns, first_row=10_001), on_invalid="drop")
    assert dataset.ids[:2].tolist() == ["row 10001", "row 10003"]


def test_a_table_to_predict_on_has_no_targets():
    dataset, report = build_dataset(as_table({"seq": good()["seq"]}))
    assert dataset.targets.shape == (120, 0)
    assert report.findings == ()


def test_a_frame_of_numbers_is_taken_as_it_is():
    columns = good()
    frame = pd.DataFrame({"seq": columns["seq"], "y": [float(cell) for cell in columns["y"]]})
    frame.loc[3, "y"] = np.nan
    frame.loc[4, "y"] = np.inf
    before = frame.copy()
    report = check_table(read_table(frame, target=("y",)))
    assert [f.code for f in report.findings] == ["target-infinite", "target-missing"]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("option", ["on_missing", "on_invalid"])
def test_an_option_that_is_none(option):
    with pytest.raises(InputError, match=f"{option} = 'ignore': must be 'error' or 'drop'"):
        check_table(as_table(good(5)), **{option: "ignore"})


# Laws


NASTY = [
    None, np.nan, pd.NA, "", " ", "NA", "n/a", "nan", "inf", "-inf", "1e999", "1,5", "1,234.5",
    "2-Sep", "1E+05", "#REF!", "<0.5", "0", "-1", "1.5", "1.5", "7", 0, 3.25, -1, True, 1e308, -1e308,
    5e-324, float("inf"), "acgtacgt", "ACGTACGT", "ACGTACGT", "GGGGCCCCAA", "TTGGGGCCCC", "ACGU",
    "ACTU", "AC-GT", "...", "NNNN", "ACRYT", "AC GT", "\xa0ACGT", "MKVLEEQPF", "AC!T", "Ünïcode",
    "漢字", "train", "test", "\x00", "{first}", "{k}", "%s", b"ACGT", (1, 2), 1j, pd.Timestamp(0),
]  # fmt: skip
NAMES = ["a", "b", "c", "{first}", "%d", "naïve 漢"]


@st.composite
def tables(draw):
    n = draw(st.integers(0, 14))
    names = draw(st.permutations(NAMES))
    cells = st.sampled_from(NASTY) | st.text(max_size=6) | st.floats()
    mostly_good = st.lists(
        st.sampled_from(["ACGTACGT", "TTTTGGGG", "acgtuu", "GGGA"]), min_size=n, max_size=n
    )
    numbers = st.lists(st.sampled_from(["1.5", "2", 3.0, "0"]), min_size=n, max_size=n)
    anything = st.lists(cells, min_size=n, max_size=n)
    columns = {}
    for position, name in enumerate(names):
        usual = mostly_good if position == 0 else numbers
        columns[name] = draw(usual | anything)
    some = st.lists(st.sampled_from(names), unique=True, max_size=3).map(tuple)
    one = st.none() | st.sampled_from(names)
    roles = {"sequence": names[0], "targets": draw(some), "replicates": draw(some)}
    roles |= {"covariates": draw(some)}
    roles |= {role: draw(one) for role in ("id", "weight", "group", "chromosome", "split")}
    return as_table(columns, first_row=draw(st.sampled_from([1, 501])), **roles)


choices = st.sampled_from(["error", "drop"])


@settings(max_examples=50)
@given(tables(), choices, choices)
def test_no_table_raises_and_every_row_is_accounted_for(table, on_missing, on_invalid):
    before = table.frame.copy(deep=True)
    report = check_table(table, on_missing=on_missing, on_invalid=on_invalid)
    n = len(table.frame)
    assert report.n_rows == n
    assert report.n_kept + report.n_repaired + report.n_dropped == n
    # What the findings say was done is what was done, row by row.
    dropped, repaired = rows_of(report, "dropped"), rows_of(report, "repaired")
    assert len(dropped) == report.n_dropped
    assert len(repaired) == report.n_repaired
    assert not dropped & repaired
    for finding in report.findings:
        rows = finding.rows
        assert finding.n_rows == len(rows) == len(set(rows.tolist()))
        assert ((rows >= table.first_row) & (rows < table.first_row + n)).all()
        assert (np.diff(rows) > 0).all()
        assert len(finding.examples) <= 3
        assert finding.meaning
        assert finding.remedy
        assert finding.code == finding.code.lower()
        assert finding.action == "none" or finding.severity != "error"
    json.dumps(report.to_dict(), allow_nan=False)
    assert report.format_text()
    pd.testing.assert_frame_equal(table.frame, before)


@settings(max_examples=50)
@given(tables(), choices, choices)
def test_a_build_gives_a_whole_dataset_or_says_why_not(table, on_missing, on_invalid):
    options = {"on_missing": on_missing, "on_invalid": on_invalid}
    report = check_table(table, **options)
    if report.has_errors:
        with pytest.raises(CheckFailedError, match=r"(?s)t\.csv: .+"):
            build_dataset(table, **options)
        return
    dataset, again = build_dataset(table, **options)
    assert again.to_dict() == report.to_dict()
    assert len(dataset) == report.n_kept + report.n_repaired
    assert all(
        sequence and set(sequence) <= set("ACGTNRYSWKMBDHV") for sequence in dataset.sequences
    )
    if table.roles.targets:
        assert np.isfinite(dataset.targets).any(axis=1).all()
    if dataset.weights is not None:
        assert (dataset.weights >= 0).all()
    if dataset.groups is not None:
        assert (dataset.groups != "").all()
    assert len(dataset.sha256) == 64


@st.composite
def plain_tables(draw):
    """Columns of a sequence and two targets, in which much is right and something is not."""
    n = draw(st.integers(2, 12))
    sequence = st.sampled_from(["ACGTACGT", "acgtacgt", "TTTTGGGG", "CCAAAACC", "AC-GTA", "", "A!"])
    target = st.sampled_from(["1", "2.5", "-3", "", "n/a", "inf"])
    return {
        "seq": draw(st.lists(sequence, min_size=n, max_size=n)),
        "y": draw(st.lists(target, min_size=n, max_size=n)),
        "z": draw(st.lists(target, min_size=n, max_size=n)),
    }


@settings(max_examples=40)
@given(plain_tables(), choices, choices, st.randoms())
def test_the_order_of_the_rows_does_not_matter(columns, on_missing, on_invalid, random):
    options = {"on_missing": on_missing, "on_invalid": on_invalid}
    n = len(columns["seq"])
    order = random.sample(range(n), n)
    shuffled = {name: [cells[k] for k in order] for name, cells in columns.items()}
    both = [
        check_table(as_table(c, targets=("y", "z")), **options) for c in (columns, shuffled)
    ]  # fmt: skip
    found = [
        {(f.code, f.column, f.severity, f.action): set((f.rows - 1).tolist()) for f in r.findings}
        for r in both
    ]
    mapped = {key: {order[row] for row in rows} for key, rows in found[1].items()}
    assert mapped == found[0]
    assert both[0].n_dropped == both[1].n_dropped


@settings(max_examples=40)
@given(plain_tables(), choices, choices)
def test_rows_become_what_a_reading_by_hand_makes_of_them(columns, on_missing, on_invalid):
    def number(cell):
        return float(cell) if cell in ("1", "2.5", "-3") else np.nan

    expected, n_dropped, doubt = [], 0, False
    for sequence, y, z in zip(columns["seq"], columns["y"], columns["z"], strict=True):
        clean = normalize(sequence).replace("-", "")
        good_sequence = clean != "" and "!" not in clean
        texts = any(cell in ("n/a", "inf") for cell in (y, z))
        measured = not np.isnan(number(y)) or not np.isnan(number(z))
        unmeasured = y == z == ""
        if (
            unmeasured
            or (on_invalid == "drop" and not good_sequence)
            or (on_missing == "drop" and not measured)
        ):
            n_dropped += 1
        elif not good_sequence or (texts and on_missing == "error"):
            doubt = True
        else:
            expected.append((clean, number(y), number(z)))
    table = as_table(columns, targets=("y", "z"))
    report = check_table(table, on_missing=on_missing, on_invalid=on_invalid)
    by_row = {"sequence-empty", "sequence-not-dna", "target-not-numeric", "target-infinite"}
    assert report.n_dropped == n_dropped
    assert bool({f.code for f in report.errors} & by_row) == doubt
    if not report.has_errors:
        dataset, _ = build_dataset(table, on_missing=on_missing, on_invalid=on_invalid)
        assert dataset.sequences.tolist() == [row[0] for row in expected]
        np.testing.assert_array_equal(dataset.targets, [row[1:] for row in expected])


@settings(max_examples=30)
@given(plain_tables())
def test_checking_what_was_built_finds_nothing_to_repair_or_drop(columns):
    options = {"on_missing": "drop", "on_invalid": "drop"}
    table = as_table(columns, targets=("y", "z"))
    if check_table(table, **options).has_errors:
        return
    first, _ = build_dataset(table, **options)
    frame = {"seq": first.sequences, "y": first.targets[:, 0], "z": first.targets[:, 1]}
    second, report = build_dataset(as_table(frame, targets=("y", "z")))
    assert report.n_kept == report.n_rows == len(first)
    assert second.sequences.tolist() == first.sequences.tolist()
    np.testing.assert_array_equal(second.targets, first.targets)


# Measured data


FILES = {
    "ecoli_kinney2010_sortseq.tsv.gz": (50_518, 0, 0),
    "ecoli_kuo2020_sd_dmsC.tsv.gz": (18_866, 238_699, 0),
    "ecoli_lafleur2022.tsv.gz": (13_481, 0, 0),
    "ecoli_urtecho2020_tss.tsv.gz": (17_767, 0, 0),
    "mouse_crx_friedman2021.tsv.gz": (9_633, 0, 55),
    "yeast_cheng2017_3utr_halflife.tsv.gz": (3_838, 0, 0),
    "yeast_corepromoter729.tsv.gz": (729, 0, 0),
    "yeast_deboer2020_random_hq.tsv.gz": (9_982, 0, 0),
    "yeast_vaishnav2022_tests.tsv.gz": (40_601, 0, 0),
}


@pytest.fixture(scope="module")
def examined(real_data):
    reports = {}

    def examine(name):
        if name not in reports:
            path = real_data(name)
            reports[name] = build_dataset(read_table(path))
        return reports[name]

    return examine


@pytest.mark.real_data
@pytest.mark.parametrize("name", FILES)
def test_a_good_public_data_set_has_no_errors(examined, name):
    dataset, report = examined(name)
    assert report.errors == ()
    assert (report.n_kept, report.n_repaired, report.n_dropped) == FILES[name]
    assert len(dataset) == sum(FILES[name][:2])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "code", "severity", "n_rows", "text"),
    [
        ("ecoli_urtecho2020_tss.tsv.gz", "target-floor", "warning", 9_201,
         "52% of the rows share the lowest value, -5"),
        ("ecoli_urtecho2020_tss.tsv.gz", "split-missing", "warning", 100, "in neither train nor"),
        ("ecoli_kuo2020_sd_dmsC.tsv.gz", "sequence-rna", "info", 238_699, "RNA"),
        ("mouse_crx_friedman2021.tsv.gz", "target-missing", "warning", 55, "55 of 9,688 values"),
        ("mouse_crx_friedman2021.tsv.gz", "replicates-agree", "info", 0, "correlate at 0.97"),
        ("yeast_corepromoter729.tsv.gz", "target-heavy-tail", "warning", 7, "39% of the variance"),
        ("yeast_cheng2017_3utr_halflife.tsv.gz", "length-mixed", "info", 0, "20 to 1,850 bases"),
        ("yeast_deboer2020_random_hq.tsv.gz", "flank-constant", "info", 0,
         "17 bases, TGCATTTTTTTCACATC, and end with the same 13 bases, GGTTACGGCTGTT"),
        ("yeast_vaishnav2022_tests.tsv.gz", "sequence-ambiguous", "info", 540, "540 of 40,601"),
        ("yeast_vaishnav2022_tests.tsv.gz", "group-missing", "warning", 10_523, "10,523 of"),
    ],
)  # fmt: skip
def test_what_is_known_of_the_public_data_is_found(examined, name, code, severity, n_rows, text):
    [finding] = [f for f in examined(name)[1].findings if f.code == code]
    assert (finding.severity, finding.n_rows) == (severity, n_rows)
    assert text in finding.meaning


@pytest.mark.real_data
def test_sort_bins_are_levels_and_no_floor(examined):
    assert examined("ecoli_kinney2010_sortseq.tsv.gz")[1].findings == ()
