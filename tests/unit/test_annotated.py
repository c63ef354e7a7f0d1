import pytest

from medtune.data.annotated import (
    SAME_PMID,
    SAME_TEXT,
    AnnotatedDocument,
    Mention,
    drop_twins,
    label_counts,
    pmid_in,
    shapes,
)


def document(name, text="A text.", pmid=None, mentions=()):
    return AnnotatedDocument(name, text, tuple(mentions), pmid)


def mention(*fragments, label="A"):
    return Mention(fragments, label, "T1")


def kept_and_dropped(*documents):
    kept, dropped = drop_twins(documents, "maccrobat")
    return [item.id for item in kept], [(item.key, item.reason) for item in dropped]


def test_of_twins_by_pmid_the_last_one_is_kept():
    assert kept_and_dropped(
        document("2018/15939911", "old", "15939911"),
        document("b", "other"),
        document("2020/15939911", "new", "15939911"),
    ) == (["b", "2020/15939911"], [("2018/15939911", SAME_PMID)])


def test_twins_by_text_may_differ_in_case_spaces_and_punctuation():
    assert kept_and_dropped(document("1", "A man ( 28 ) ."), document("2", "a man\n(28).")) == (
        ["2"],
        [("1", SAME_TEXT)],
    )


def test_the_twin_of_a_dropped_twin_is_dropped():
    chain = document("1", "old", "111111"), document("2", "new", "111111"), document("3", "New")
    assert kept_and_dropped(*chain) == (["3"], [("1", SAME_PMID), ("2", SAME_TEXT)])


def test_documents_without_a_pmid_are_no_twins_for_that():
    assert kept_and_dropped(document("1", "one"), document("2", "two")) == (["1", "2"], [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("15939911", "15939911"), ("2018/PMID15939911", "15939911"), ("case-12", None), ("200000001/a", None)],
)
def test_a_pmid_is_a_run_of_five_to_eight_digits_in_the_name(name, expected):
    assert pmid_in(name) == expected


def test_pairs_are_told_apart_by_their_outer_ends():
    pairs = {
        "nested": [mention((0, 9)), mention((2, 4))],
        "same_span": [mention((0, 9)), mention((0, 9), label="B")],
        "repeated": [mention((0, 9)), mention((0, 9))],
        "crossing": [mention((0, 5)), mention((3, 9))],
        "none": [mention((0, 5)), mention((5, 9))],
    }
    for kind, mentions in pairs.items():
        counts = shapes([document("1", mentions=mentions)])
        assert {name for name, count in counts.items() if count} == {kind} - {"none"}
    gap = [mention((0, 2), (7, 9)), mention((3, 5))]
    assert shapes([document("1", mentions=gap)]) == {
        "discontinuous": 1, "nested": 1, "same_span": 0, "repeated": 0, "crossing": 0,
    }  # fmt: skip


def test_labels_are_counted_over_documents_the_most_frequent_first():
    one, other = [mention((0, 1), label="B")], [mention((0, 1), label=label) for label in "CAB"]
    assert list(label_counts([document("1", mentions=one), document("2", mentions=other)]).items()) == [
        ("B", 2), ("A", 1), ("C", 1),
    ]  # fmt: skip
