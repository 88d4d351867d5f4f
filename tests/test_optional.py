from __future__ import annotations

import sys

import pytest

from seqexpr.errors import MissingExtraError
from seqexpr.optional import require


def test_a_module_that_is_there_comes_back():
    assert require("collections.abc", extra="deep") is sys.modules["collections.abc"]


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inside"])
def test_a_missing_module_names_the_pip_line(module):
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[serve\]"') as caught:
        require(module, extra="serve")
    assert caught.value.exit_code == 3


def test_a_module_broken_inside_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
        require("broken_module", extra="deep")
    assert not isinstance(caught.value, MissingExtraError)
