from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from seqexpr import registry
from seqexpr.errors import InputError, UnknownNameError


def test_items_are_found_by_name_in_the_order_they_came():
    numbers = registry.Registry[int]("number", group="tests.numbers")
    numbers.register("two", 2)
    numbers.register("one", 1)
    assert list(numbers) == ["two", "one"]
    assert (numbers["one"], len(numbers), "two" in numbers, "three" in numbers) == (
        1,
        2,
        True,
        False,
    )


def test_a_name_is_given_once():
    numbers = registry.Registry[object]("number", group="tests.numbers")
    item = numbers.register("one", object())
    assert numbers.register("one", item) is item
    with pytest.raises(InputError, match="number 'one' is registered already"):
        numbers.register("one", object())


def test_an_unknown_name_gets_a_hint_and_the_list():
    numbers = registry.Registry[int]("number", group="tests.numbers")
    numbers.register("three", 3)
    with pytest.raises(UnknownNameError, match="unknown number 'tree'; did you mean 'three'"):
        numbers["tree"]
    with pytest.raises(LookupError, match="unknown number 'xyz'; Known: three"):
        numbers["xyz"]


def test_plugins_load_from_entry_points_when_first_asked(monkeypatch):
    loads = []

    def entry_points(*, group):
        loads.append(group)
        return [EntryPoint("tau", "math:tau", group)]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    numbers = registry.Registry[float]("number", group="tests.numbers")
    assert loads == []
    assert numbers["tau"] == pytest.approx(6.283185307)
    assert "tau" in numbers
    assert loads == ["tests.numbers"]
