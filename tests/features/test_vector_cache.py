from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqexpr.errors import OutputError
from seqexpr.features._vector_cache import VectorCache, user_cache_folder


def named(*texts):
    return [hashlib.sha256(str(text).encode()).digest() for text in texts]


def numbered(n, width=3):
    return np.arange(n * width, dtype=np.float32).reshape(n, width) + 1


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(-1e9, 1e9, width=32)), max_size=40))
def test_it_gives_what_a_dictionary_gives(tmp_path_factory, writes):
    cache = VectorCache(tmp_path_factory.mktemp("cache"), "ab", width=2)
    kept = {}
    for text, value in writes:
        cache.write(named(text), np.full((1, 2), value, dtype=np.float32))
        kept[text] = value
    vectors, found = cache.read(named(*range(31)))
    assert [i for i in range(31) if found[i]] == sorted(kept)
    assert vectors.tolist() == [[kept.get(i, 0.0)] * 2 for i in range(31)]


def test_names_may_end_in_zeros(tmp_path):
    cache = VectorCache(tmp_path, "ab", width=1)
    names = [b"x" + bytes(31), b"x" + bytes(30) + b"\1"]
    cache.write(names, np.array([[1], [2]], dtype=np.float32))
    assert cache.read(names)[0].tolist() == [[1], [2]]


def test_one_key_does_not_see_another(tmp_path):
    VectorCache(tmp_path, "ab", width=3).write(named("a"), numbered(1))
    assert not VectorCache(tmp_path, "cd", width=3).read(named("a"))[1].any()
    assert not (tmp_path / "cd").exists()


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "a folder"])
def test_a_damaged_file_counts_as_empty_and_is_written_anew(tmp_path, damage):
    cache = VectorCache(tmp_path, "ab", width=3)
    names = named(*range(20))
    cache.write(names, numbered(20))
    (file,) = tmp_path.glob(f"ab/{names[4][0]:02x}.vectors")
    data = file.read_bytes()
    if damage == "flipped":
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "cut":
        file.write_bytes(data[:-12])
    elif damage == "emptied":
        file.write_bytes(b"")
    else:
        file.unlink()
        file.mkdir()
    found = cache.read(names)[1]
    inside = np.array([name[0] == names[4][0] for name in names])
    assert (found == ~inside).all()
    if damage == "a folder":
        with pytest.raises(OutputError, match="cannot write"):
            cache.write([names[4]], numbered(1))
        return
    cache.write(
        [name for name, is_in in zip(names, inside, strict=True) if is_in], numbered(20)[inside]
    )
    vectors, found = cache.read(names)
    assert found.all()
    assert (vectors == numbered(20)).all()


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    names = [bytes([i]) * 32 for i in range(4)]
    size = 32 + 32 + 12
    cache = VectorCache(tmp_path, "ab", width=3, max_bytes=3 * size)
    (tmp_path / "notes.txt").write_text("kept, since it is not ours")
    for i in range(3):
        cache.write([names[i]], numbered(1))
        os.utime(tmp_path / "ab" / f"{i:02x}.vectors", (i, i))
    cache.read([names[0]])  # used now
    VectorCache(tmp_path, "cd", width=3, max_bytes=3 * size).write([names[3]], numbered(1))
    assert cache.read(names)[1].tolist() == [True, False, True, False]
    assert sum(file.stat().st_size for file in tmp_path.glob("*/*")) == 3 * size
    assert (tmp_path / "notes.txt").exists()


def test_the_users_folder_follows_the_environment(monkeypatch, tmp_path):
    name = "LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME"
    monkeypatch.setenv(name, str(tmp_path))
    assert user_cache_folder() == tmp_path / "seqexpr"
    monkeypatch.setenv(name, "relative")
    assert user_cache_folder() == Path.home() / ".cache" / "seqexpr"
