from __future__ import annotations

import errno
import hashlib
import os

import pytest

from seqexpr.errors import OutputError
from seqexpr.files import atomic_path, check_writable, replace_folder, sha256_of_file


def test_a_digest_is_that_of_hashlib(tmp_path):
    data = os.urandom(100_000)
    (tmp_path / "file").write_bytes(data)
    assert sha256_of_file(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(KeyError, match="stop"), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise KeyError("stop")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_write_makes_its_folder_and_leaves_no_trace(tmp_path):
    target = tmp_path / "new" / "out.csv.gz"
    with atomic_path(target) as temporary:
        assert temporary.suffix == ".gz"
        temporary.write_text("whole")
        assert not target.exists()
    assert os.listdir(target.parent) == ["out.csv.gz"]


def test_a_full_disk_is_one_clear_error(tmp_path):
    target = tmp_path / "out.csv"
    with (
        pytest.raises(OutputError, match=r"cannot write .*No space left on device"),
        atomic_path(target) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert os.listdir(tmp_path) == []


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        check_writable(tmp_path / "file" / "below" / "out.csv")


def test_a_folder_replaces_another_whole(tmp_path):
    new, old = tmp_path / "new", tmp_path / "run"
    for folder, text in ((new, "new"), (old, "old")):
        folder.mkdir()
        (folder / "a.txt").write_text(text)
    (old / "stale.txt").write_text("old")
    replace_folder(new, old)
    assert os.listdir(tmp_path) == ["run"]
    assert os.listdir(old) == ["a.txt"]
    assert (old / "a.txt").read_text() == "new"


def test_a_folder_that_cannot_be_replaced_stays(tmp_path):
    old = tmp_path / "run"
    old.mkdir()
    (old / "a.txt").write_text("old")
    with pytest.raises(OutputError, match="cannot write"):
        replace_folder(tmp_path / "not-there", old)
    assert (old / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["run"]
