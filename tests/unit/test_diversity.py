import pytest

from medtune.studies.relations.diversity import distinct_ngrams


def test_runs_of_words_are_counted_within_texts_and_without_case_or_punctuation():
    rows = distinct_ngrams(["The cat, the cat.", "The dog"], sizes=(1, 2, 4))
    assert rows == [
        {"n": 1, "distinct": 3, "total": 6, "share": 0.5},
        {"n": 2, "distinct": 3, "total": 4, "share": 0.75},
        {"n": 4, "distinct": 1, "total": 1, "share": 1.0},
    ]


@pytest.mark.parametrize("texts", [[], ["", "one"]])
def test_without_runs_the_share_is_nought(texts):
    assert distinct_ngrams(texts, sizes=(2,)) == [{"n": 2, "distinct": 0, "total": 0, "share": 0.0}]
