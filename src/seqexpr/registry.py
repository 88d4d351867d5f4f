"""Things with names: models, featurizers, metrics and split strategies."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from seqexpr.errors import InputError, UnknownNameError, did_you_mean

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from names to objects that plugins can add to.

    Plugins register through entry points: a distribution that declares
    ``[project.entry-points."seqexpr.models"]`` adds its object under the entry
    point's name. Entry points are read once, when a name is first looked up.

    Parameters
    ----------
    kind : str
        What is registered, in the singular, for messages ("model").
    group : str
        Name of the entry-point group ("seqexpr.models").

    Examples
    --------
    >>> colours = Registry[int]("colour", group="example.colours")
    >>> colours.register("red", 0xFF0000)
    16711680
    >>> colours["red"], "red" in colours, list(colours)
    (16711680, True, ['red'])
    >>> colours["rde"]
    Traceback (most recent call last):
        ...
    seqexpr.errors.UnknownNameError: unknown colour 'rde'; did you mean 'red'? Known: red
    """

    def __init__(self, kind: str, *, group: str) -> None:
        self.kind = kind
        self.group = group
        self._items: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str, item: T) -> T:
        """Add `item` under `name` and return it.

        Raises
        ------
        InputError
            If the name is taken by another object.
        """
        if name in self._items and self._items[name] is not item:
            raise InputError(f"{self.kind} {name!r} is registered already")
        self._items[name] = item
        return item

    def _load_plugins(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for point in entry_points(group=self.group):
            self.register(point.name, point.load())

    def __getitem__(self, name: str) -> T:
        self._load_plugins()
        try:
            return self._items[name]
        except KeyError:
            hint = did_you_mean(name, self._items) or ";"
            known = ", ".join(self._items)
            message = f"unknown {self.kind} {name!r}{hint} Known: {known}"
            raise UnknownNameError(message) from None

    def __contains__(self, name: object) -> bool:
        self._load_plugins()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        self._load_plugins()
        return iter(self._items)

    def __len__(self) -> int:
        self._load_plugins()
        return len(self._items)
