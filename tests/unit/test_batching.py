"""Batches by token budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.inference.batching import batches_by_budget


@pytest.mark.parametrize(
    ("lengths", "extra", "budget", "expected"),
    [
        ([3, 9, 5], 1, 20, [[1, 2], [0]]),  # 2 × (9 + 1) fill the budget
        ([3, 9, 5], 1, 19, [[1], [2, 0]]),
        ([4, 4, 4, 4], 0, 8, [[0, 1], [2, 3]]),  # ties keep their order
        ([50, 2, 2], 0, 10, [[0], [1, 2]]),  # an over-long row goes alone
        ([], 5, 10, []),
    ],
)
def test_batches_are_longest_first_within_the_budget(lengths, extra, budget, expected):
    assert batches_by_budget(lengths, extra, budget) == expected


@given(st.lists(st.integers(1, 200)), st.integers(0, 64), st.integers(1, 1000))
def test_every_row_is_in_one_batch_that_keeps_to_the_budget(lengths, extra, budget):
    plan = batches_by_budget(lengths, extra, budget)
    assert sorted(row for rows in plan for row in rows) == list(range(len(lengths)))
    for rows in plan:
        assert len(rows) == 1 or len(rows) * (max(lengths[row] for row in rows) + extra) <= budget


@given(st.lists(st.integers(1, 200), min_size=1), st.integers(1, 1000))
def test_no_batch_is_smaller_than_it_must_be(lengths, budget):
    plan = batches_by_budget(lengths, 0, budget)
    for rows in plan[:-1]:
        assert (len(rows) + 1) * lengths[rows[0]] > budget
