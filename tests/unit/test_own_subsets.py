import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.data.own.subsets import nested_subset
from medtune.errors import InputError

ROWS = [{"id": str(n), "text": f"t{n}"} for n in range(20)]


def ids(rows):
    return [row["id"] for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 5))
def test_a_smaller_subset_is_within_a_larger_one_and_keeps_the_order(a, b, seed):
    small, large = (nested_subset(ROWS, size, seed, "train.jsonl") for size in sorted((a, b)))
    assert len(small) == min(a, b)
    assert set(ids(small)) <= set(ids(large))
    assert ids(large) == [row["id"] for row in ROWS if row in large]


def test_seeds_draw_other_documents_and_the_order_of_the_rows_does_not_matter():
    drawn = {tuple(sorted(ids(nested_subset(ROWS, 8, seed, "p")))) for seed in range(6)}
    assert len(drawn) == 6
    assert set(ids(nested_subset(ROWS[::-1], 8, 1, "p"))) == set(ids(nested_subset(ROWS, 8, 1, "p")))


@pytest.mark.parametrize("seed", range(8))
def test_whole_groups_are_drawn(seed):
    rows = [row | {"group": f"g{n // 4}"} for n, row in enumerate(ROWS)]
    assert len({row["group"] for row in nested_subset(rows, 8, seed, "p")}) == 2


@pytest.mark.parametrize("seed", range(8))
def test_each_label_is_in_the_smallest_subset(seed):
    rows = [row | {"label": "rare" if n == 7 else "b" if n < 9 else "c"} for n, row in enumerate(ROWS)]
    assert sorted(row["label"] for row in nested_subset(rows, 3, seed, "p")) == ["b", "c", "rare"]


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(InputError, match=r"sizes: 21 is above the 20 documents of p"):
        nested_subset(ROWS, 21, 0, "p")
    with pytest.raises(InputError, match=r"sizes: 1 is below the 2 labels of p"):
        nested_subset([row | {"label": row["id"] in "12"} for row in ROWS], 1, 0, "p")
