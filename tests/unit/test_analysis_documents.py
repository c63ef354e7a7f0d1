import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.annotated import Mention
from medtune.data.bio import repair, spans_of, tag_list, tags_of
from medtune.data.flatten import flatten, kept_spans
from medtune.data.span import Span
from medtune.data.words import words_of
from medtune.errors import InputError
from medtune.files import write_jsonl
from medtune.metrics.span_scores import count_spans
from medtune.studies.maccrobat.analysis.documents import load_splits, tagged_document
from tests.unit.analysis_cases import document, dropped, prediction, row


def test_a_span_is_as_sure_as_its_least_sure_word():
    (found,) = document("B-A I-A O", "B-A I-A O", [0.9, 0.6, 0.2]).predicted
    assert (found.span, found.confidence, found.calibrated) == (Span(0, 2, "A"), 0.6, 0.5)


def test_predicted_tags_are_repaired_by_the_one_rule():
    found = document("B-A I-A O", "O I-A I-B")
    assert found.tags == ("O", "B-A", "B-B")
    assert found.predicted_spans == (Span(1, 2, "A"), Span(2, 3, "B"))


def test_dropped_gold_counts_only_where_all_gold_is_asked_for():
    lost = [dropped(0, 1, "B"), dropped(2, 2, "C", "no word"), dropped(0, 3, "D", "discontinuous")]
    found = document("B-A I-A O", "O O O", lost=lost)
    assert found.gold == found.scored().gold == (Span(0, 2, "A"),)
    assert found.scored().unplaced_gold == ()
    assert found.scored(all_gold=True).gold == (Span(0, 1, "B"), Span(0, 2, "A"))
    assert found.scored(all_gold=True).unplaced_gold == ["C", "D"]


def flattened(mentions, predicted, words=8):
    """A document as the data stage makes it. mentions: type and words, or several stretches of them."""
    text = " ".join(f"w{number}" for number in range(words))
    found = words_of(text)
    given = [
        Mention(tuple((found[first].start, found[last - 1].end) for first, last in parts), label, f"T{number}")
        for number, (label, *parts) in enumerate(mentions)
    ]
    entities = flatten(given, found)
    gold = {
        **row(text, " ".join(tags_of(kept_spans(entities), words))),
        "entities": [
            {"first": e.first, "last": e.last, "label": e.label, "kept": e.kept, "reason": e.reason} for e in entities
        ],
    }
    return tagged_document(gold, prediction(" ".join(tags_of(predicted, words))))


def strict_counts(found, all_gold):
    """True positives, false positives and misses."""
    return count_spans([found.scored(all_gold=all_gold)]).f1_counts().sum(axis=0).tolist()


OUTER, INNER = ("History", (0, 4)), ("Disease_disorder", (2, 4))


@pytest.mark.parametrize(
    ("mentions", "kept", "dropped_one"),
    [
        ([OUTER, INNER], Span(0, 4, "History"), Span(2, 4, "Disease_disorder")),
        ([("Sign_symptom", (2, 4)), INNER], Span(2, 4, "Disease_disorder"), Span(2, 4, "Sign_symptom")),
        ([("History", (0, 3)), INNER], Span(0, 3, "History"), Span(2, 4, "Disease_disorder")),
    ],
    ids=["nested", "same span", "crossing"],
)
def test_an_exact_prediction_of_a_dropped_entity_scores_1_of_all_gold_and_0_of_the_flat_tags(
    mentions, kept, dropped_one
):
    found = flattened(mentions, [dropped_one])
    assert found.gold == (kept,)
    assert strict_counts(found, all_gold=False) == [0, 1, 1]
    assert strict_counts(found, all_gold=True) == [1, 0, 1]
    assert (found.right(), found.right(all_gold=True)) == (frozenset(), {0})


def test_the_range_around_a_discontinuous_entity_does_not_find_it():
    found = flattened([("Place", (0, 1), (3, 4))], [Span(0, 4, "Place")])
    assert strict_counts(found, all_gold=True) == [0, 1, 1]


PLACES = st.tuples(st.integers(0, 7), st.integers(1, 4)).map(lambda place: (place[0], min(8, sum(place))))


@given(st.lists(st.tuples(st.sampled_from("AB"), PLACES), max_size=8), st.lists(st.sampled_from(tag_list("AB"))))
def test_of_all_gold_a_prediction_is_right_when_it_is_one_of_the_annotated_entities(mentions, tags):
    predicted = spans_of(repair(tags[:8])[0])
    found = flattened(mentions, predicted)
    wanted = {Span(*place, label) for label, place in mentions}
    right = sum(span in wanted for span in predicted)
    assert strict_counts(found, all_gold=True) == [right, len(predicted) - right, len(mentions) - right]
    assert found.right() <= found.right(all_gold=True)


def test_a_threshold_keeps_predictions_from_it_on():
    found = document("O O", "B-A B-A", [0.7, 0.69])
    assert found.scored(threshold=0.7).predicted == [Span(0, 1, "A")]
    assert found.scored(threshold=0.7, calibrated=True).predicted == []


def test_the_surface_is_the_text_with_its_own_spaces():
    found = document("B-A I-A", "O O", words="ab cd")
    assert found.surface(Span(0, 2, "A")) == "ab cd"


def write(tmp_path, rows, predictions):
    write_jsonl(tmp_path / "test.jsonl", rows)
    write_jsonl(tmp_path / "predictions.jsonl", predictions)
    return {"test": tmp_path / "test.jsonl"}, tmp_path / "predictions.jsonl"


def test_documents_come_in_the_order_of_the_rows_and_other_splits_stay_out(tmp_path):
    files = write(
        tmp_path,
        [row("x y", "O O", "b"), row("x", "O", "a")],
        [prediction("O", None, "a"), prediction("O O", None, "b"), prediction("O", None, "z", "validation")],
    )
    assert [found.id for found in load_splits(*files)["test"]] == ["b", "a"]


@pytest.mark.parametrize(
    ("rows", "predictions", "sentence"),
    [
        ([row("x", "O", "a")], [], 'no prediction for document "a"'),
        ([row("x", "O", "a")], [prediction("O", None, "a")] * 2, "line 2: document"),
        ([row("x", "O", "a")] * 2, [prediction("O", None, "a")], "line 2: document"),
        ([row("x", "O", "a")], [prediction("O O", None, "a")], "2 predicted tags for 1 words"),
        ([row("x", "O", "a")], [prediction("O", [1.2], "a")], "confidence outside"),
        ([row("x", "O", "a")], [prediction("Q", None, "a")], '"Q" is no tag'),
        ([], [prediction("O", None, "a")], "is not in"),
        ([{"id": "a"}], [], 'line 1: no "text"'),
        (
            [row("x", "O", "a") | {"entities": [dropped(0, 1, "A") | {"kept": True}]}],
            [prediction("O", None, "a")],
            "kept entities are not those of the tags",
        ),
    ],
)
def test_files_that_do_not_belong_together_get_a_sentence(tmp_path, rows, predictions, sentence):
    with pytest.raises(InputError, match=sentence):
        load_splits(*write(tmp_path, rows, predictions))
