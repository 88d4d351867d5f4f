"""Fixtures for every room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no reason to fail; a found example is printed so that it can be repeated.
settings.register_profile("seqexpr", deadline=None, print_blob=True)
settings.load_profile("seqexpr")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Give the path of a measured data set beside the checkout, or skip the test."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"the measured data set {name} is not beside the checkout")
        return path

    return find
