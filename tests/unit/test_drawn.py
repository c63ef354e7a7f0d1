import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.metrics.drawn import Drawn, drawn_of, ratio

ITEMS = st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), min_size=1, max_size=30)


@given(ITEMS)
def test_groups_change_intervals_and_n_but_no_value(items):
    right, groups = map(list, zip(*items, strict=True))
    alone, grouped = Drawn("notes"), Drawn("notes", groups)
    figures = (lambda drawn: drawn.share(right), lambda drawn: drawn.mean(right), lambda drawn: drawn.amount(right))
    for figure in figures:
        assert figure(grouped).value == pytest.approx(figure(alone).value)
        assert (figure(alone).n, figure(alone).unit) == (len(items), "notes")
        assert (figure(grouped).n, figure(grouped).unit) == (len(set(groups)), "groups")


def test_a_group_of_each_item_is_about_as_wide_as_no_groups():
    right = [True] * 20 + [False] * 10
    alone, grouped = Drawn().share(right), Drawn(groups=range(30)).share(right)
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=0.1)


def test_a_share_is_among_the_items_that_count():
    share = Drawn(groups=["a", "a", "b", "c"]).share([True, False, False, False], [True, True, True, False])
    assert (share.value, share.n) == (pytest.approx(1 / 3), 2)
    assert Drawn().share([False], [False]).value is None


def test_counts_add_up_by_group_in_the_order_of_their_first_item():
    assert Drawn(groups=["b", "a", "b"]).summed([[1, 1], [0, 1], [1, 1]]).tolist() == [[2, 2], [0, 1]]
    assert ratio(Drawn().summed([[1, 2], [0, 0]])).tolist() == [0.5, 0]


def test_tables_of_items_add_up_by_group_cell_by_cell():
    table = [[[1, 2], [3, 4]], [[10, 20], [30, 40]], [[1, 1], [1, 1]]]
    assert Drawn(groups=["a", "b", "a"]).summed(table).tolist() == [[[2, 3], [4, 5]], [[10, 20], [30, 40]]]


def test_examples_without_a_group_beside_those_with_one_are_their_own():
    rows = [{"id": "1", "group": "p"}, {"id": "p"}, {"id": "3", "group": ""}, {"id": "4", "group": "p"}]
    assert drawn_of(rows, "texts").groups == ["group p", "id p", "id 3", "group p"]
    assert drawn_of([{"id": "1"}, {"id": "2", "group": None}], "texts") == Drawn("texts")


def test_the_interval_of_an_amount_in_groups_is_that_of_a_ratio():
    groups, values = ["a", "a", "b", "c", "c", "c"], [3, 5, 10, 2, 4, 6]
    found = Drawn(groups=groups).amount(values)
    residuals = [8 - 2 * 5, 10 - 5, 12 - 3 * 5]
    error = (sum((one / 2) ** 2 for one in residuals) / 2 / 3) ** 0.5
    assert (found.value, found.n) == (5, 3)
    assert found.high - found.value == pytest.approx(4.302653 * error, rel=0.03)
    alike = Drawn(groups=groups).amount([4] * 6)
    assert alike.low < 4 < alike.high
    assert Drawn(groups=[]).amount([]).value is None


def test_items_of_some_places_keep_their_groups():
    assert Drawn("notes", ["a", "b", "a"]).of([2, 0]) == Drawn("notes", ["a", "a"])
    assert Drawn("notes").of([1]) == Drawn("notes")
