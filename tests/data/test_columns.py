from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.columns import ColumnChoice, ColumnRoles, recognize_columns
from seqexpr.errors import ColumnError

DNA = ["ACGTACGT", "TTGACAAA", "GGGGCCCC"]
NUMBERS = ["1.5", "2", "-3e-1"]
WORDS = ["high", "low", "low"]


def recognize(columns, require_target=True, **choice):
    frame = pd.DataFrame(columns, dtype="str")
    return recognize_columns(frame, ColumnChoice(**choice), require_target=require_target)


def roles_of(columns, **choice):
    return recognize(columns, **choice)[0]


@pytest.mark.parametrize(
    "name",
    ["sequence", "Sequence", "SEQ", "dna", "DNA Sequence", "promoter", "promoter_sequence",
     "Insert", "oligo", "construct", "full-seq", "nucleotide.sequence"],
)  # fmt: skip
def test_names_of_the_sequence(name):
    assert roles_of({"x": WORDS, name: DNA, "y": NUMBERS}).sequence == name


@pytest.mark.parametrize(
    "name",
    ["expression", "Expression Level", "expression_level", "mean_expression", "mean_value",
     "activity", "log2FC", "K562_log2FC", "Dev_log2_enrichment", "enrichment", "target", "value",
     "y", "log2FoldChange", "half-life"],
)  # fmt: skip
def test_names_of_the_target(name):
    assert roles_of({"seq": DNA, "other": NUMBERS, name: NUMBERS}).targets == (name,)


@given(
    st.sampled_from(["sequence", "expression level"]),
    st.sampled_from([str.upper, str.title, str.lower, lambda s: s.replace(" ", "_"),
                     lambda s: s.replace(" ", "-"), lambda s: f"  {s} ", lambda s: f"({s})"]),
)  # fmt: skip
def test_case_space_and_punctuation_do_not_matter(name, change):
    columns = {"sequence": DNA, "expression level": NUMBERS, "z": NUMBERS}
    columns = {change(key) if key == name else key: cells for key, cells in columns.items()}
    roles = roles_of(columns)
    assert roles.sequence == next(iter(columns))
    assert roles.targets == (list(columns)[1],)


@given(
    st.permutations(["id", "sequence", "utr5_sequence", "expression", "raw_expression", "reads"])
)
def test_the_order_of_columns_does_not_matter(order):
    cells = {"id": WORDS, "sequence": DNA, "utr5_sequence": DNA}
    roles = roles_of({name: cells.get(name, NUMBERS) for name in order})
    assert roles == ColumnRoles("sequence", ("expression",), id="id", reads="reads")


def test_what_the_user_names_is_taken():
    columns = {"sequence": DNA, "oligo": DNA, "expression": NUMBERS, "k": NUMBERS, "gc": NUMBERS}
    roles, notes = recognize(
        columns, sequence="oligo", target=("k",), id="sequence", covariate=("gc",)
    )
    assert roles == ColumnRoles("oligo", ("k",), id="sequence", covariates=("gc",))
    assert "covariates: column 'gc'" in notes


def test_all_targets_of_one_ending_are_taken_together():
    columns = {"seq": DNA, "Dev_log2_enrichment": NUMBERS, "Hk_log2_enrichment": NUMBERS,
               "Hk_log2_enrichment_scaled": NUMBERS}  # fmt: skip
    roles, notes = recognize(columns)
    assert roles.targets == ("Dev_log2_enrichment", "Hk_log2_enrichment")
    assert notes[1] == (
        "targets: columns 'Dev_log2_enrichment', 'Hk_log2_enrichment' "
        "(all that end in log2_enrichment)"
    )


def test_two_endings_are_a_doubt():
    with pytest.raises(ColumnError, match="which is the target: 'a_log2FC', 'a_log2_enrichment'"):
        recognize({"seq": DNA, "a_log2FC": NUMBERS, "a_log2_enrichment": NUMBERS})


def test_content_finds_what_no_name_says():
    roles, notes = recognize({"a": WORDS, "b": DNA, "c": NUMBERS, "reads": NUMBERS})
    assert (roles.sequence, roles.targets) == ("b", ("c",))
    assert notes == (
        "sequence: column 'b' (the only one that looks like DNA)",
        "target: column 'c' (the only one with numbers)",
        "reads: column 'reads'",
    )


def test_a_barcode_is_no_sequence():
    assert roles_of({"barcode": DNA, "x": DNA, "y": NUMBERS}).sequence == "x"
    assert roles_of({"barcode_seq": DNA, "y": NUMBERS}).sequence == "barcode_seq"


def test_a_well_known_name_is_taken_at_its_word_so_that_the_checks_can_say_what_is_wrong():
    assert roles_of({"sequence": WORDS, "y": NUMBERS}).sequence == "sequence"
    assert roles_of({"seq": DNA, "expression": WORDS}).targets == ("expression",)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"seq": DNA, "dna": DNA, "y": NUMBERS}, "which is the sequence: 'seq', 'dna'.*--sequence"),
        ({"a": DNA, "b": DNA, "y": NUMBERS}, "which is the sequence: 'a', 'b'"),
        ({"sequence": WORDS, "oligo": DNA, "y": NUMBERS}, "sequence: 'sequence', 'oligo'"),
        ({"a": WORDS, "y": NUMBERS}, "no column looks like DNA; the columns are 'a', 'y'; pass --seq"),
        ({"seq": DNA, "a": NUMBERS, "b": NUMBERS}, "which is the target: 'a', 'b'.*--target NAME"),
        ({"seq": DNA, "activity": NUMBERS, "log2fc": NUMBERS}, "the target: 'activity', 'log2fc'"),
        ({"seq": DNA, "expression": WORDS, "activity": NUMBERS}, "'expression', 'activity'"),
        ({"seq": DNA, "reads": NUMBERS, "rep1": NUMBERS}, "is the target one of 'reads', 'rep1'"),
        ({"seq": DNA, "a": WORDS}, "no column holds numbers; beside the sequence there are 'a'"),
        ({"seq": DNA}, "no column of measured values beside the sequence"),
    ],
)  # fmt: skip
def test_a_doubt_lists_the_candidates_and_the_option(columns, message):
    with pytest.raises(ColumnError, match=message):
        recognize(columns)


def test_an_unknown_column_is_told_with_what_there_is():
    message = (
        r"no column 'expresion'; did you mean 'expression'. the columns are 'seq', 'expression'"
    )
    with pytest.raises(ColumnError, match=message):
        recognize({"seq": DNA, "expression": NUMBERS}, target=("expresion",))
    many = {f"column{i}": NUMBERS for i in range(20)}
    with pytest.raises(ColumnError, match=r"no column 'zzz'; the columns are .* and 8 more"):
        recognize(many, group="zzz")


def test_a_long_name_is_cut_in_the_message():
    with pytest.raises(ColumnError) as caught:
        recognize({"x" * 10_000: WORDS}, sequence="seq")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "choice",
    [{"sequence": "a", "target": ("a",)}, {"target": ("b", "b")},
     {"target": ("b",), "weight": "b"}, {"target": ("b",), "covariate": ("b",)}],
)  # fmt: skip
def test_one_column_cannot_be_two_things(choice):
    with pytest.raises(ColumnError, match="is named for two things"):
        recognize({"a": DNA, "b": NUMBERS, "c": NUMBERS}, **choice)


@pytest.mark.parametrize(
    "names",
    [("rep1", "rep2"), ("rep_1", "rep_2"), ("Replicate1", "Replicate 2"),
     ("expression_rep1", "expression_rep2")],
)  # fmt: skip
def test_replicates(names):
    columns = {"seq": DNA, "expression": NUMBERS} | dict.fromkeys(names, NUMBERS)
    assert roles_of(columns).replicates == names


def test_replicates_are_several_numbers_of_one_target():
    assert roles_of({"seq": DNA, "y": NUMBERS, "rep1": NUMBERS}).replicates == ()
    assert roles_of({"seq": DNA, "y": NUMBERS, "rep1": WORDS, "rep2": WORDS}).replicates == ()
    columns = {
        "seq": DNA,
        "a_log2fc": NUMBERS,
        "b_log2fc": NUMBERS,
        "rep1": NUMBERS,
        "rep2": NUMBERS,
    }
    assert roles_of(columns).replicates == ()


def library(**extra):
    """40 rows with a sequence and a target."""
    columns = {"seq": ["ACGTACGT"] * 40, "y": [str(i) for i in range(40)]}
    return columns | {name: [str(fill(i)) for i in range(40)] for name, fill in extra.items()}


@pytest.mark.parametrize(
    ("role", "name", "fill"),
    [
        ("weight", "weights", lambda i: i / 10),
        ("group", "group", lambda i: f"g{i // 3}"),
        ("group", "family_id", lambda i: f"g{i // 3}"),
        ("group", "Cluster", lambda i: i // 3),
        ("group", "locus", lambda i: f"g{i // 3}"),
        ("chromosome", "chrom", lambda i: f"chr{i % 3}"),
        ("chromosome", "Chr", lambda i: i % 3),
        ("split", "split", lambda i: ["train", "test"][i % 2]),
        ("split", "set", lambda i: ["Train", "Val", "Test"][i % 3]),
        ("split", "fold", lambda i: i % 5),
        ("split", "fold_num", lambda i: i % 10),
        ("id", "seq_id", lambda i: i),
    ],
)
def test_columns_that_a_table_may_have(role, name, fill):
    roles, notes = recognize(library(**{name: fill}))
    assert getattr(roles, role) == name
    assert any(repr(name) in note for note in notes)


@pytest.mark.parametrize(
    ("role", "name", "fill"),
    [
        ("weight", "weight", lambda i: "heavy"),
        ("group", "group", lambda i: ["control", "treated"][i % 2]),
        ("group", "cluster", lambda i: i),
        ("chromosome", "chr", lambda i: "chr1"),
        ("split", "set", lambda i: f"plate {i % 3}"),
        ("split", "fold", lambda i: i * 1.5),
    ],
)
def test_a_name_alone_is_not_enough_and_it_is_said(role, name, fill):
    roles, notes = recognize(library(**{name: fill}))
    assert getattr(roles, role) is None
    told = [note for note in notes if note.startswith(f"not taken as {role}: column '{name}'")]
    assert len(told) == 1
    assert ("--split column:" if role == "split" else f"--{role} ") + name in told[0]


def test_the_better_name_wins_and_two_equal_ones_are_a_doubt():
    both = library(group=lambda i: i // 3, family=lambda i: i // 4)
    assert roles_of(both).group == "group"
    with pytest.raises(ColumnError, match=r"which is the split: 'fold', 'fold_num'.*column:NAME"):
        recognize(library(fold=lambda i: i % 5, fold_num=lambda i: i % 4))


def test_a_column_has_one_role():
    roles = roles_of(library(chrom=lambda i: f"chr{i % 3}"), group="chrom")
    assert roles.group == "chrom"
    assert roles.chromosome is None


def test_to_predict_only_sequence_and_names_are_looked_for():
    columns = library(id=lambda i: i, fold=lambda i: i % 5, fold_num=lambda i: i % 4)
    roles, notes = recognize(columns, require_target=False)
    assert roles == ColumnRoles("seq", (), id="id")
    assert notes == ("sequence: column 'seq'", "names: column 'id'")
    assert roles_of(columns, require_target=False, target=("y",), split="fold").split == "fold"


def test_covariates_are_never_taken_unasked():
    assert roles_of({"seq": DNA, "expression": NUMBERS, "covariate": NUMBERS}).covariates == ()


ERRORS = {"sequence": DNA, "expression": NUMBERS}


@pytest.mark.parametrize(
    ("columns", "error", "n_replicates", "reads"),
    [
        (("se",), "se", None, None),
        (("log2_SEM", "sd"), "log2_SEM", None, None),
        (("stderr", "read_count"), "stderr", None, "read_count"),
        (("tx_sd", "n_replicates"), "tx_sd", "n_replicates", None),
        (("var", "n_reps"), "var", "n_reps", None),
        (("sd",), None, None, None),  # of how many replicates?
        (("sd", "rep1", "rep2"), None, None, None),  # the replicates say more
        (("a_se", "b_se"), None, None, None),  # which?
        (("reads", "counts"), None, None, None),
        (("usage", "browser"), None, None, None),
    ],
)
def test_errors_and_reads_are_taken_where_it_is_sure_what_they_are(
    columns, error, n_replicates, reads
):
    roles = roles_of(ERRORS | dict.fromkeys(columns, NUMBERS), target=("expression",))
    assert (roles.error, roles.n_replicates, roles.reads) == (error, n_replicates, reads)


def test_a_deviation_that_is_not_taken_is_said():
    _, notes = recognize(ERRORS | {"sd": NUMBERS})
    assert notes[-1].startswith("not taken as error: column 'sd', for the number of replicates")


def test_a_named_error_is_taken():
    roles = roles_of(ERRORS | {"spread": NUMBERS, "se": NUMBERS}, error="spread")
    assert roles.error == "spread"


def test_the_kind_of_a_covariate_is_taken_off_its_name():
    columns = {"seq": DNA, "expression": NUMBERS, "plate": NUMBERS, "a:numeric": NUMBERS}
    roles = roles_of(columns, covariate=("plate:categorical", "a:numeric"))
    assert roles.covariates == ("plate", "a:numeric")
    assert roles.covariate_kinds == ("categorical", None)
    assert roles_of(columns, covariate=("plate",)).covariate_kinds == ()
    with pytest.raises(ColumnError, match=r"no column 'plat'; did you mean 'plate'\?"):
        roles_of(columns, covariate=("plat:categorical",))
