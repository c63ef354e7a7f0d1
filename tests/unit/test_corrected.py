import numpy as np
import pytest

from medtune.metrics.contrasts import NO_DIFFERENCE, Contrast, contrast
from medtune.metrics.intervals import share
from medtune.studies.maccrobat.analysis.corrected import NOTHING, Compared, corrected, p_value, verdicts


def test_p_is_below_5_percent_where_the_interval_excludes_0():
    for documents in (3, 12, 200):
        assert p_value(Contrast(0.15, 0.001, 0.3), documents) < 0.05 < p_value(Contrast(0.15, -0.001, 0.3), documents)
        assert p_value(Contrast(-0.15, -0.3, -0.001), documents) < 0.05
        assert p_value(Contrast(0.15, 0.0, 0.3), documents) == pytest.approx(0.05)
    assert p_value(Contrast(0.0, 0.0, 0.0), 9) == 1


def test_few_documents_make_small_p_values_larger():
    clear = Contrast(0.3, 0.2, 0.4)
    assert p_value(clear, 5) > p_value(clear, 30) > p_value(clear, 1000)


def test_words_follow_the_corrected_test_and_nothing_is_said_of_nothing():
    barely, clear, none = Contrast(0.15, 0.001, 0.3), Contrast(-0.3, -0.4, -0.2), Contrast(None, None, None)
    alone, *_ = verdicts([Compared(barely, "more", "fewer")], 30)
    assert alone.finding == "more"
    said = verdicts([Compared(one, "more", "fewer") for one in (barely, clear, none, barely)], 30)
    assert [one.finding for one in said] == [NO_DIFFERENCE, "fewer", NOTHING, NO_DIFFERENCE]
    assert said[2].p_holm is None
    assert corrected([barely], 30)[0] == pytest.approx(said[0].p_holm / 2)


def test_of_equal_shares_few_are_found_to_differ():
    """Eight differences of equal shares in 15 documents: any word of a difference in at most 6 of 100 tables."""
    rng, published = np.random.default_rng(3), 0
    for _ in range(300):
        quality = rng.beta(8, 4, size=15)
        pairs = [[rng.poisson(4, size=15) for _ in range(2)] for _ in range(8)]
        compared = [
            Compared(contrast(*(share(rng.binomial(items, quality), items) for items in pair)), "more", "fewer")
            for pair in pairs
        ]
        published += any(one.finding not in (NO_DIFFERENCE, NOTHING) for one in verdicts(compared, 15))
    assert published / 300 <= 0.06
