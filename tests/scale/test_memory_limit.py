"""`--memory` is kept: the operating system ends a process that takes more (`ulimit -v`).

`ulimit -v` counts addresses, not memory: what libraries map and never touch counts too. So the
limit is that of an idle process, which is measured, and what was asked for on top; Arrow's own
allocator, which reserves a GiB of addresses at a time, is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROWS, LENGTH = 250_000, 60
IDLE = "import seqexpr.workflow.streaming, seqexpr.cli.main, numba, lightgbm, pyarrow.parquet, scipy.stats; "
SIZE = "print(next(x for x in open('/proc/self/status') if x.startswith('VmPeak')).split()[1])"
FEW_THREADS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system",
}  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is Linux's")


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    letters = rng.choice(np.frombuffer(b"ACGT", np.uint8), (ROWS, LENGTH))
    rows = [row.tobytes().decode() for row in letters]
    y = [row.count("TATA") + value for row, value in zip(rows, rng.normal(size=ROWS), strict=True)]
    path = tmp_path_factory.mktemp("large") / "table.parquet"
    pd.DataFrame({"sequence": rows, "expression": y}).to_parquet(path, row_group_size=50_000)
    return path


def under(limit_kib: int, *command: str) -> subprocess.CompletedProcess[str]:
    """Run our command where no more than so much can be mapped."""
    line = ["bash", "-c", 'ulimit -v "$0" && exec "$@"', str(limit_kib), sys.executable, *command]
    return subprocess.run(
        line, capture_output=True, text=True, check=False, env=os.environ | FEW_THREADS
    )


@pytest.fixture(scope="module")
def idle() -> int:
    """Return the KiB of addresses that a process takes with our libraries and no work."""
    return int(under(10**9, "-c", IDLE + SIZE).stdout)


def test_training_stays_within_what_was_asked(table, idle, tmp_path):
    limit = idle + 2 * 2**20  # 2 GiB
    asked = ("-m", "seqexpr", "train", str(table), "--models", "mean,gc,ridge", "--split", "random")
    within = under(limit, *asked, "--memory", "2G", "-o", str(tmp_path / "run"))
    assert within.returncode == 0, within.stderr[-2_000:]
    assert (tmp_path / "run" / "report.html").is_file()


def test_the_limit_is_one(idle):
    limit = idle + 2 * 2**20
    assert under(limit, "-c", "bytearray(2 * 2**30)").returncode == 0
    assert under(limit, "-c", f"bytearray({limit * 2**10})").returncode != 0


def test_prediction_takes_the_same_for_any_number_of_rows(table, idle, tmp_path):
    small = pd.read_parquet(table).head(2_000)
    small.to_csv(tmp_path / "small.csv", index=False)
    trained = under(
        10**9, "-m", "seqexpr", "train", str(tmp_path / "small.csv"), "--models", "ridge",
        "--split", "random", "--no-nested", "-o", str(tmp_path / "run"),
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr[-2_000:]
    out = tmp_path / "predicted.parquet"
    limit = idle + 2**19  # 512 MiB
    done = under(
        limit, "-m", "seqexpr", "predict", str(tmp_path / "run"), str(table), "-o", str(out)
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert len(pd.read_parquet(out, columns=["predicted"])) == ROWS
