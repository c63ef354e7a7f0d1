from medtune.data.predictions import longer_gold, longer_gold_sentences


def test_gold_answers_that_are_too_long_are_counted_by_split_and_told_where_there_are_any():
    rows = [{"split": "validation"}, {"split": "test"}, {"split": "test", "longer_gold": True}]
    counts = longer_gold(rows)
    assert counts == {"validation": {"longer": 0, "n": 1}, "test": {"longer": 1, "n": 2}}
    (sentence,) = longer_gold_sentences(counts)
    assert sentence.startswith("1 of 2 gold answers of the test split have more tokens than are generated")
