"""The measured data: which rows train, which are tested, and what is known of their noise.

A problem is what is fitted once; it has one test or several. A test row is never handed to a
rival, and to seqexpr only as a row of the table's own test set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seqexpr.evaluation.noise import MeasurementNoise, replicate_noise
from seqexpr.splits.units import find_units

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.object_]

REPLICATES = ["rep1", "rep2", "rep3"]
KUO_TRAIN_ROWS = 20_000

MOST_SHOWN = 10_000
"""Test rows that seqexpr's own table has at most; kuo has 219,000."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows to predict, n of them.

    Attributes
    ----------
    sequences : array of str, shape (n,)
    observed : ndarray of float64, shape (n,)
        What was measured; 1 and 0 for the two classes of an AUROC.
    groups : array of str, shape (n,), or None
        Rows that are drawn together in the bootstrap.
    noise : MeasurementNoise, n rows, or None
        For the ceiling.
    """

    sequences: Strings
    observed: Floats
    groups: Strings | None = None
    noise: MeasurementNoise | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """Train rows, and the tests of the model that is fitted on them.

    Attributes
    ----------
    sequences : array of str, shape (n,)
        Train rows.
    target : ndarray of float64, shape (n,)
    tests : dict of str to HeldOut
        By the name of the row of the table; the first is the test set that seqexpr is told of.
    groups : array of str, shape (n,), or None
        Rows of one group stay in one fold.
    counts : dict of str to int
        Rows left out, by the reason.
    """

    sequences: Strings
    target: Floats
    tests: dict[str, HeldOut]
    groups: Strings | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def to_table(self) -> pd.DataFrame:
        """Return the table for seqexpr: sequence, expression, split, and group where there is one.

        seqexpr keeps train rows out whose sequence, or reverse complement, is in the test set. Only
        kuo has such rows (reverse complements, which mean nothing on one strand of RNA). There the
        test rows stay out of the table, so that every system trains on the same rows; they are
        predicted and scored all the same.
        """
        test = next(iter(self.tests.values()))
        both = np.concatenate([self.sequences, test.sequences])
        # kuo is RNA; seqexpr reads U as T before it looks for copies, and so must this.
        dna = np.array([sequence.replace("U", "T") for sequence in both], dtype=object)
        units = find_units(dna, None)
        n = len(self.sequences)
        shown = ~np.isin(units[n:], units[:n])
        # The run's own test is a look on the way; every test row is predicted and scored later.
        dropped = np.random.default_rng(0).permutation(np.flatnonzero(shown))[MOST_SHOWN:]
        shown[dropped] = False
        table = pd.DataFrame(
            {
                "sequence": np.concatenate([self.sequences, test.sequences[shown]]),
                "expression": np.concatenate([self.target, test.observed[shown]]),
                "split": ["train"] * n + ["test"] * int(shown.sum()),
            }
        )
        if self.groups is not None and test.groups is not None:
            table["group"] = np.concatenate([self.groups, test.groups[shown]])
        return table


def read(folder: Path, name: str) -> pd.DataFrame:
    """Read a data set; rows whose expression is empty are dropped."""
    frame = pd.read_csv(folder / f"{name}.tsv.gz", sep="\t")
    return frame[frame["expression"].notna()].reset_index(drop=True)


def _strings(column: pd.Series[Any]) -> Strings:
    return column.to_numpy(dtype=object)


def _as_test(frame: pd.DataFrame, noise: MeasurementNoise | None = None) -> HeldOut:
    observed = frame["expression"].to_numpy(np.float64)
    return HeldOut(_strings(frame["sequence"]), observed, noise=noise)


def _as_problem(train: pd.DataFrame, tests: dict[str, HeldOut], **counts: int) -> Problem:
    """Put a problem together, and hold it to having no test sequence among the train rows."""
    for name, test in tests.items():
        trained = set(train["sequence"])
        shared = sum(sequence in trained for sequence in test.sequences)
        if shared:
            raise ValueError(f"{name}: {shared} test sequences are among the train rows")
    target = train["expression"].to_numpy(np.float64)
    return Problem(_strings(train["sequence"]), target, tests, counts=counts)


def _fifth(n: int) -> npt.NDArray[np.bool_]:
    """Draw a fifth of n rows to test: the first of ``numpy.random.default_rng(0).permutation``."""
    tested = np.zeros(n, dtype=bool)
    tested[np.random.default_rng(0).permutation(n)[: round(0.2 * n)]] = True
    return tested


def _replicated(frame: pd.DataFrame) -> MeasurementNoise | None:
    return replicate_noise(frame[REPLICATES], frame["expression"])[0]


def load_urtecho(folder: Path) -> Problem:
    frame = read(folder, "ecoli_urtecho2020_tss")
    frame["locus"] = frame["split"] + " " + _overlapping(frame)
    by = {name: frame[frame["split"] == name] for name in ("train", "test")}
    left_out = int(frame["split"].isna().sum())
    test = replace(_as_test(by["test"]), groups=_strings(by["test"]["locus"]))
    problem = _as_problem(by["train"], {"urtecho": test}, unassigned=left_out)
    return replace(problem, groups=_strings(by["train"]["locus"]))


def _overlapping(frame: pd.DataFrame) -> pd.Series[Any]:
    """Name the stretches of the genome in which each window overlaps the next.

    Neighbouring start sites share most of their bases: folds that part them favour models that
    remember, and the regions of the test share nothing with train.
    """
    ordered = frame.sort_values("start")
    reached = ordered["end"].cummax().shift(fill_value=-1)
    return (ordered["start"] >= reached).cumsum().map("locus {}".format).reindex(frame.index)


def load_lac(folder: Path) -> Problem:
    frame = read(folder, "ecoli_kinney2010_sortseq")
    tested = frame["split"] == "test"
    return _as_problem(frame[~tested], {"lac": _as_test(frame[tested])})


def load_lafleur(folder: Path) -> Problem:
    frame = read(folder, "ecoli_lafleur2022")
    good = frame[frame["high_quality"] == "Yes"].reset_index(drop=True)
    tested, noise = _fifth(len(good)), _replicated(good)
    noise = noise and noise.take(np.flatnonzero(tested))
    return _as_problem(good[~tested], {"lafleur": _as_test(good[tested], noise)})


def load_lafleur_no(folder: Path) -> Problem:
    frame = read(folder, "ecoli_lafleur2022")
    good = frame["high_quality"] == "Yes"
    noise = _replicated(frame[~good])
    return _as_problem(frame[good], {"lafleur_no": _as_test(frame[~good], noise)})


def load_yeast(folder: Path) -> Problem:
    frame = read(folder, "yeast_deboer2020_random_hq")
    tested = _fifth(len(frame))
    train = frame[~tested]
    others = read(folder, "yeast_vaishnav2022_tests")
    native = others[(others["subset"] == "native") & (others["condition"] == "YPD")]
    n = len(train)
    both = np.concatenate([_strings(train["sequence"]), _strings(native["sequence"])])
    units = find_units(both, None)
    known = np.isin(units[n:], units[:n])
    native = native[~known]
    test = HeldOut(
        _strings(native["sequence"]),
        native["expression"].to_numpy(np.float64),
        groups=_strings(native["group"]),  # variants of one promoter
    )
    tests = {"yeast": _as_test(frame[tested]), "yeast_native": test}
    return _as_problem(train, tests, overlapping=int(known.sum()))


def load_crx(folder: Path) -> Problem:
    complete = pd.read_csv(
        folder / "mouse_crx_friedman2021.tsv.gz", sep="\t", usecols=["expression"]
    )
    frame = read(folder, "mouse_crx_friedman2021")
    in_test = frame["chrom"].isin(["chr1", "chr9", "chr10"]).to_numpy()
    noise, rows = _replicated(frame), np.flatnonzero(in_test)
    train, test = frame[~in_test], frame[in_test]
    loci = _strings(test["group"])
    strong = (test["activity_class"] == "Strong enhancer").to_numpy()
    either = strong | (test["activity_class"] == "Silencer").to_numpy()
    sequences = _strings(test["sequence"])
    tests = {
        "crx": HeldOut(
            sequences,
            test["expression"].to_numpy(np.float64),
            groups=loci,
            noise=noise and noise.take(rows),
        ),
        "crx_auroc": HeldOut(
            sequences[either], strong[either].astype(np.float64), groups=loci[either]
        ),
    }
    problem = _as_problem(train, tests, unmeasured=len(complete) - len(frame))
    return Problem(
        problem.sequences, problem.target, tests, _strings(train["group"]), problem.counts
    )


def load_kuo(folder: Path) -> Problem:
    frame = read(folder, "ecoli_kuo2020_sd_dmsC")
    trained = np.zeros(len(frame), dtype=bool)
    order = np.random.default_rng(0).permutation(len(frame))
    trained[order[: min(KUO_TRAIN_ROWS, len(frame) // 2)]] = True
    test = frame[~trained]
    variances = test["var"].to_numpy(np.float64)
    noise = MeasurementNoise(
        "standard errors", "variance of the mean of the row's replicates", variances, variances
    )
    return _as_problem(frame[trained], {"kuo": _as_test(test, noise)})


PROBLEMS: dict[str, Callable[[Path], Problem]] = {
    "urtecho": load_urtecho,
    "lac": load_lac,
    "lafleur": load_lafleur,
    "lafleur_no": load_lafleur_no,
    "yeast": load_yeast,
    "crx": load_crx,
    "kuo": load_kuo,
}
