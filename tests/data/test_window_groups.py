"""Groups are the components of a graph that is drawn edge by edge."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from seqexpr.data.window_groups import group_windows

WINDOW = st.tuples(
    st.sampled_from(["1", "2"]), st.integers(0, 60), st.integers(1, 12), st.sampled_from("abcdefgh")
)
FAMILIES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["F", "G"]), max_size=5)


def belongs(one: tuple, other: tuple, families: dict[str, str]) -> bool:
    (where, start, length, gene), (there, begin, size, name) = one, other
    bases = set(range(start, start + length)) & set(range(begin, begin + size))
    same_family = gene in families and families[gene] == families.get(name)
    return gene == name or same_family or (where == there and bool(bases))


@given(windows=st.lists(WINDOW, min_size=1, max_size=14), families=FAMILIES)
def test_groups_are_what_is_joined_by_genes_bases_and_families(windows, families):
    component = list(range(len(windows)))
    for i, one in enumerate(windows):
        for j, other in enumerate(windows[:i]):
            if belongs(one, other, families):
                low, high = sorted((component[i], component[j]))
                component = [low if number == high else number for number in component]
    rows = [(where, start, start + length, gene) for where, start, length, gene in windows]
    frame = pd.DataFrame(rows, columns=["chromosome", "start", "end", "gene"])
    found = group_windows(frame, families).tolist()
    for i in range(len(windows)):
        for j in range(len(windows)):
            assert (found[i] == found[j]) == (component[i] == component[j])


def test_neighbours_that_touch_share_no_base():
    frame = pd.DataFrame({"chromosome": "1", "start": [0, 10], "end": [10, 20], "gene": ["a", "b"]})
    assert group_windows(frame).tolist() == ["a", "b"]
