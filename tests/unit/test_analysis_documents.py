import pytest

from medtune.analysis.documents import load_splits
from medtune.errors import InputError
from medtune.files import write_jsonl
from medtune.metrics.spans import Span
from tests.unit.analysis_cases import document, dropped, prediction, row


def test_a_span_is_as_sure_as_its_least_sure_word():
    (found,) = document("B-A I-A O", "B-A I-A O", [0.9, 0.6, 0.2]).predicted
    assert (found.span, found.confidence, found.calibrated) == (Span(0, 2, "A"), 0.6, 0.5)


def test_predicted_tags_are_repaired_by_the_one_rule():
    found = document("B-A I-A O", "O I-A I-B")
    assert found.tags == ("O", "B-A", "B-B")
    assert found.predicted_spans == (Span(1, 2, "A"), Span(2, 3, "B"))


def test_dropped_gold_counts_only_where_all_gold_is_asked_for():
    found = document("B-A I-A O", "O O O", lost=[dropped(0, 1, "B"), dropped(2, 2, "C", "no word")])
    assert found.gold == (Span(0, 2, "A"),)
    assert found.scored().unplaced_gold == ()
    assert found.scored(all_gold=True).unplaced_gold == ("B", "C")


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
