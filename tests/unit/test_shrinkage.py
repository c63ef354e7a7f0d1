import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from medtune.studies.meerkat.shrinkage import shrink_means

values = st.floats(0, 1, allow_subnormal=False).map(lambda value: round(value, 6))
several = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(values, max_size=12), min_size=1, max_size=8)


def low(found):
    return {name for name, group in found.groups.items() if group.high < found.overall}


def test_the_formulas_by_hand():
    found = shrink_means({"a": [0, 2], "b": [4, 6], "c": [8, 10]})
    # Squares within: 2 each. Spread of the means 1, 5, 9: 2 (16 + 0 + 16) = 64; N - sum n^2 / N = 6 - 12 / 6 = 4.
    assert (found.overall, found.within, found.between) == (5, 2, (64 - 2 * 2) / 4)
    taken = 2 / (2 + 2 * 15)
    variance = taken * 15 + taken**2 * (2 / 2 + 15) / 3
    group = found.groups["a"]
    assert (group.n, group.mean) == (2, 1)
    assert group.shrunk == pytest.approx(1 + taken * 4)
    half = t.ppf(0.975, 3) * variance**0.5
    assert (group.low, group.high) == pytest.approx((group.shrunk - half, group.shrunk + half))


def test_between_variance_is_that_of_dersimonian_and_laird():
    generator = np.random.default_rng(4)
    groups = {str(i): generator.normal(i, 3, 5 + i) for i in range(6)}
    found = shrink_means(groups)
    weights = np.array([len(group) / found.within for group in groups.values()])
    means = np.array([group.mean() for group in groups.values()])
    q = (weights * (means - np.average(means, weights=weights)) ** 2).sum()
    assert found.between == pytest.approx((q - 5) / (weights.sum() - (weights**2).sum() / weights.sum()))
    assert found.between > 0


def test_without_shrinkage_the_interval_is_that_of_a_mean():
    group = shrink_means({"a": [1, 2, 3, 6]}, confidence=0.9).groups["a"]
    half = t.ppf(0.95, 3) * np.std([1, 2, 3, 6], ddof=1) / 2
    assert (group.shrunk, group.low, group.high) == pytest.approx((3, 3 - half, 3 + half))


@given(several)
def test_a_shrunken_mean_is_between_its_own_and_the_overall_one_and_in_its_interval(groups):
    found = shrink_means(groups)
    for group in found.groups.values():
        if group.shrunk is None:
            continue
        own = found.overall if group.mean is None else group.mean
        assert min(own, found.overall) - 1e-9 <= group.shrunk <= max(own, found.overall) + 1e-9
        assert group.low <= group.shrunk <= group.high


@given(several, st.randoms())
def test_the_order_of_groups_and_of_values_does_not_matter(groups, random):
    names = random.sample(list(groups), len(groups))
    shuffled = {name: random.sample(groups[name], len(groups[name])) for name in names}
    one, other = shrink_means(groups), shrink_means(shuffled)
    for name, group in one.groups.items():
        same = other.groups[name]
        assert (group.n, group.shrunk is None) == (same.n, same.shrunk is None)
        if group.shrunk is not None:
            # A variance at the border to 0 may fall to either side by its last digits; its root is what shows.
            expected = (group.shrunk, group.low, group.high)
            assert (same.shrunk, same.low, same.high) == pytest.approx(expected, abs=1e-6)


@given(st.lists(values, min_size=2, max_size=10), st.integers(1, 6))
def test_equal_groups_are_shrunk_to_their_mean_and_none_is_low(group, number):
    found = shrink_means({str(i): group for i in range(number)})
    assert found.between == 0
    assert all(other.shrunk == pytest.approx(np.mean(group)) for other in found.groups.values())
    assert not low(found)


@given(values, st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_values_that_are_all_the_same_give_no_low_group(value, sizes):
    found = shrink_means({str(i): [value] * size for i, size in enumerate(sizes)})
    if found.within is not None:
        assert found.within == found.between == 0
        assert not low(found)


def test_many_values_are_hardly_shrunk_and_few_are():
    generator = np.random.default_rng(1)
    others = {str(i): generator.normal(0.7, 0.2, 10) for i in range(5)}
    gaps = {}
    for size in (3, 30, 3000):
        found = shrink_means({**others, "x": np.resize([0.1, 0.5], size)})
        gaps[size] = abs(found.groups["x"].shrunk - found.groups["x"].mean)
    assert gaps[3] > gaps[30] > gaps[3000]
    assert gaps[3000] < 0.001 < 0.03 < gaps[3]


def test_a_group_that_is_low_by_chance_is_not_called_low_and_a_clear_one_is():
    steady = {name: [0.5, 0.6, 0.7, 0.8, 0.9, 0.8, 0.7, 0.6] for name in "abcde"}
    assert low(shrink_means({**steady, "x": [0.4, 0.5, 0.6, 0.8, 0.8, 0.7, 0.6, 0.5]})) == set()
    assert low(shrink_means({**steady, "x": [0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.2, 0.1]})) == {"x"}


def test_more_confidence_makes_intervals_wider():
    groups = {"a": [1, 2, 4], "b": [3, 5, 9]}
    sure, unsure = (shrink_means(groups, confidence).groups["a"] for confidence in (0.99, 0.8))
    assert sure.low < unsure.low < unsure.shrunk == sure.shrunk < unsure.high < sure.high


def test_a_group_of_one_is_shrunk_with_the_variance_of_the_others():
    groups = {"a": [0.2, 0.4, 0.3], "b": [0.8, 0.6, 0.7]}
    found = shrink_means({**groups, "x": [0.1]})
    assert found.within == pytest.approx(shrink_means(groups).within)
    assert found.groups["x"].mean == 0.1 < found.groups["x"].shrunk < found.overall


def test_a_group_without_values_gets_the_overall_mean_and_changes_nothing():
    groups = {"a": [0.2, 0.4, 0.3], "b": [0.8, 0.6, 0.7]}
    found, without = shrink_means({**groups, "x": []}), shrink_means(groups)
    group = found.groups.pop("x")
    assert found == without
    assert (group.n, group.mean, group.shrunk) == (0, None, found.overall)
    assert group.low < min(other.low for other in found.groups.values())


def test_groups_without_spread_within_are_taken_as_they_are():
    found = shrink_means({"a": [0, 0, 0], "b": [1, 1, 1], "none": []})
    assert found.overall == found.groups.pop("none").shrunk == 0.5
    assert {name: (g.low, g.shrunk, g.high) for name, g in found.groups.items()} == {"a": (0, 0, 0), "b": (1, 1, 1)}


def test_single_values_alone_tell_no_chance_from_difference():
    found = shrink_means({"a": [0.2], "b": [0.6], "c": []})
    assert (found.overall, found.within, found.between) == (pytest.approx(0.4), None, None)
    assert [(group.mean, group.shrunk, group.high) for group in found.groups.values()] == [
        (0.2, None, None),
        (pytest.approx(0.6), None, None),
        (None, None, None),
    ]


@pytest.mark.parametrize("groups", [{}, {"a": []}])
def test_nothing_gives_nothing(groups):
    found = shrink_means(groups)
    assert found.overall is None
    assert all(group.shrunk is None for group in found.groups.values())


@pytest.mark.parametrize(
    ("groups", "confidence", "message"),
    [({"a": [1, float("nan")]}, 0.95, "not finite"), ({"a": [1, 2]}, 1, "confidence 1")],
)
def test_what_cannot_be_shrunk_is_refused(groups, confidence, message):
    with pytest.raises(ValueError, match=message):
        shrink_means(groups, confidence)


def test_hard_groups_of_ten_are_found_and_equal_ones_are_left_alone():
    generator = np.random.default_rng(0)

    def runs(means):
        for _ in range(200):
            yield low(
                shrink_means({i: generator.normal(m, 0.2, generator.integers(8, 13)) for i, m in enumerate(means)})
            )

    assert np.mean([found == {0, 1} for found in runs([0.45] * 2 + [0.8] * 4)]) > 0.8
    assert np.mean([bool(found) for found in runs([0.8] * 6)]) < 0.05
