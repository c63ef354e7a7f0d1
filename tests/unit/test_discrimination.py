import pytest

from medtune.studies.radgraph.discrimination import auroc


def test_the_area_is_the_share_of_pairs_in_order_and_ties_count_half():
    assert auroc([0.9, 0.8, 0.7, 0.6], [True, False, True, False]).value == pytest.approx(3 / 4)
    assert auroc([0.5] * 5, [True, True, False, False, False]).value == 0.5


@pytest.mark.parametrize("wrong", [2, 10])
def test_an_area_of_1_or_0_has_an_interval_with_a_width_that_shrinks(wrong):
    marks = [True] * 20 + [False] * wrong
    best = auroc([0.9] * 20 + [0.1] * wrong, marks)
    worst = auroc([0.1] * 20 + [0.9] * wrong, marks)
    assert (best.value, best.high, worst.value, worst.low) == (1, 1, 0, 0)
    assert 0.5 < best.low < 0.95 and worst.high == pytest.approx(1 - best.low, abs=0.05)
    assert auroc([0.9] * 20 + [0.1], [True] * 20 + [False]).low < best.low


def test_without_right_or_without_wrong_items_there_is_no_figure():
    assert auroc([0.9, 0.8], [True, True]).value is None
    assert auroc([], []).value is None
    with pytest.raises(ValueError, match="1 confidences of 2 items"):
        auroc([0.9], [True, False])
