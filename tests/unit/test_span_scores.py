import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from medtune.data.span import Span
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.intervals import f1 as f1_estimate
from medtune.metrics.proportions import proportion
from medtune.metrics.significance import paired_difference
from medtune.metrics.span_scores import SCHEMES, SpanDocument, count_spans, score_spans
from medtune.studies.radgraph.report_scores import false_alarms_per_sentence, radgraph_f1

TAGS = ["O", "B-A", "I-A", "B-B", "I-B"]
SPANS = st.lists(
    st.builds(
        lambda start, length, label: Span(start, start + length, label),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from("ABC"),
    ),
    max_size=6,
)
DOCUMENTS = st.lists(st.builds(SpanDocument, SPANS, SPANS), min_size=1, max_size=4)


def score(*documents, labels=()):
    return score_spans(count_spans(documents, labels))


def figures(scores, scheme):
    return tuple(getattr(scores.micro[scheme], name).value for name in ("precision", "recall", "f1"))


def spans_of_tags(tags):
    """Entities of strict IOB2: B- begins, I- of the same type goes on, any other I- belongs to nothing."""
    spans, start = [], None
    for position, tag in enumerate([*tags, "O"]):
        if start is not None and tag != "I-" + tags[start][2:]:
            spans.append(Span(start, position, tags[start][2:]))
            start = None
        if tag.startswith("B-"):
            start = position
    return spans


def test_the_four_schemes_on_a_hand_made_document():
    gold = [Span(0, 5, "A"), Span(10, 15, "A"), Span(20, 30, "B"), Span(40, 45, "B"), Span(50, 55, "A")]
    predicted = [
        Span(0, 5, "A"),  # strict
        Span(10, 15, "B"),  # the boundaries only
        Span(22, 30, "B"),  # an overlap with the label
        Span(42, 48, "A"),  # an overlap only
    ]
    scores = score(SpanDocument(gold, predicted))
    assert figures(scores, "strict") == pytest.approx((1 / 4, 1 / 5, 2 / 9))
    assert figures(scores, "exact") == pytest.approx((2 / 4, 2 / 5, 4 / 9))
    assert figures(scores, "partial") == pytest.approx((3 / 4, 3 / 5, 6 / 9))
    assert figures(scores, "type") == pytest.approx((2 / 4, 2 / 5, 4 / 9))


def test_a_pair_with_two_labels_counts_for_the_one_in_recall_and_for_the_other_in_precision():
    scores = score(SpanDocument([Span(0, 5, "A")], [Span(0, 5, "B")]))
    a, b = scores.by_label["A"].schemes["exact"], scores.by_label["B"].schemes["exact"]
    assert (a.recall.value, a.precision.value, b.recall.value, b.precision.value) == (1, 0, 0, 1)


def test_macro_is_the_mean_over_the_labels_with_gold():
    documents = [
        SpanDocument([Span(0, 1, "A"), Span(2, 3, "B")], [Span(0, 1, "A"), Span(8, 9, "C")]),
        SpanDocument([Span(0, 1, "A")], []),
    ]
    scores = score(*documents, labels=["D"])
    assert scores.macro_labels == ("A", "B")
    assert scores.macro["strict"].f1.value == pytest.approx((2 / 3 + 0) / 2)
    assert list(scores.by_label) == ["D", "A", "B", "C"]
    assert (scores.by_label["A"].gold, scores.by_label["A"].predicted, scores.by_label["A"].documents) == (2, 1, 2)


def test_a_perfect_macro_figure_is_only_as_sure_as_its_documents():
    documents = [SpanDocument([Span(0, 1, label)], [Span(0, 1, label)]) for label in "ABCDEFGH"]
    estimate = score(*documents).macro["strict"].f1
    assert (estimate.value, estimate.high) == (1, 1)
    assert 0.5 < estimate.low < proportion(8, 8).low  # t in place of the normal quantile


def test_perfect_and_empty_figures_are_not_certain():
    """20 of 20 right in documents that are all alike: they show nothing else, Wilson's interval does."""
    documents = [SpanDocument([Span(0, 1, "A"), Span(2, 3, "B")], [Span(0, 1, "A")])] * 20
    scores = score(*documents)
    right, missed = (scores.by_label[label].schemes["strict"] for label in "AB")
    least = 20 / (20 + 2.093**2)  # t with 19 degrees of freedom
    assert (right.recall.low, right.recall.high) == pytest.approx((least, 1), abs=1e-4)
    assert (missed.recall.low, missed.recall.high) == pytest.approx((0, 1 - least), abs=1e-4)
    of_f1 = 2 * least / (1 + least), 2 * (1 - least) / (2 - least)
    assert (right.f1.low, missed.f1.high) == pytest.approx(of_f1, abs=1e-4)
    assert (missed.precision.low, missed.precision.high) == (0, 1)  # nothing was predicted
    recall = scores.micro["strict"].recall
    assert 0.3 < recall.low < 0.5 == recall.value < recall.high < 0.7


def test_a_label_of_one_document_is_not_certain():
    documents = [SpanDocument([Span(0, 1, label)], [Span(0, 1, label)]) for label in "ABBBBBBB"]
    estimate = score(*documents).by_label["A"].schemes["strict"].f1
    assert (estimate.low, estimate.value, estimate.high) == (0, 1, 1)


def test_values_without_a_place_lower_precision_and_gold_without_a_span_lowers_recall():
    document = SpanDocument(
        [Span(0, 1, "A")], [Span(0, 1, "A")], unplaced_gold=["A"], unplaced_predicted=["A", "B", "B"]
    )
    assert figures(score(document), "partial") == pytest.approx((1 / 4, 1 / 2, 1 / 3))


def test_a_document_without_spans_adds_nothing():
    document = SpanDocument([Span(0, 1, "A"), Span(3, 4, "A")], [Span(0, 1, "A")])
    scores = score(document, SpanDocument([], []))
    assert figures(scores, "strict") == figures(score(document), "strict")
    assert scores.documents == scores.micro["strict"].f1.n == 2


def test_predictions_without_any_gold_score_0():
    scores = score(SpanDocument([], [Span(0, 1, "A")]))
    assert figures(scores, "type") == (0, 0, 0)
    assert scores.macro["type"].f1.value is None


@pytest.mark.parametrize("documents", [[], [SpanDocument([], [])]])
def test_nothing_on_either_side_gives_no_figure(documents):
    scores = score(*documents, labels=["A"])
    for f1 in (scores.micro["strict"].f1, scores.by_label["A"].schemes["strict"].f1, radgraph_f1([], [])):
        assert (f1.value, f1.low, f1.high, f1.n) == (None, None, None, 0)


def test_micro_f1_and_interval_are_those_of_all_f1():
    rng = np.random.default_rng(0)
    documents = [
        SpanDocument([Span(i, i + 1, "A") for i in range(5)], [Span(i, i + 1, "A") for i in rng.choice(9, 5, False)])
        for _ in range(20)
    ]
    counts = count_spans(documents)
    one, other = score_spans(counts).micro["strict"].f1, f1_estimate(counts.f1_counts())
    assert (one.value, one.low, one.high, one.n) == pytest.approx((other.value, other.low, other.high, other.n))
    assert one.method == other.method
    assert paired_difference(counts.f1_counts("type"), counts.f1_counts(), f1_of_counts, 3, 50).value >= 0


def test_scores_become_plain_dictionaries():
    data = score(SpanDocument([Span(0, 1, "A")], [Span(0, 1, "A")])).as_dict()
    assert data["by_label"]["A"]["schemes"]["strict"]["f1"]["value"] == 1
    assert data["micro"]["partial"]["recall"]["n"] == 1


@given(DOCUMENTS)
def test_stricter_schemes_score_lower(documents):
    scores = score(*documents)
    for of in (scores.micro, *(label.schemes for label in scores.by_label.values())):
        for name in ("precision", "recall", "f1"):
            strict, exact, partial, kind = (getattr(of[scheme], name).value or 0 for scheme in SCHEMES)
            assert strict <= exact <= partial
            assert strict <= kind


@given(DOCUMENTS)
def test_a_perfect_prediction_gives_1(documents):
    scores = score(*(SpanDocument(document.gold, document.gold[::-1]) for document in documents))
    if scores.gold:
        for scheme in SCHEMES:
            assert figures(scores, scheme) == (1, 1, 1)
            assert scores.macro[scheme].f1.value == pytest.approx(1)


@given(DOCUMENTS)
def test_swapping_gold_and_predicted_swaps_precision_and_recall(documents):
    scores = score(*documents)
    swapped = score(*(SpanDocument(document.predicted, document.gold) for document in documents))
    rows = [(scores.micro, swapped.micro)]
    rows += [(scores.by_label[label].schemes, swapped.by_label[label].schemes) for label in scores.by_label]
    for one, other in rows:
        for scheme in SCHEMES:
            assert one[scheme].precision == other[scheme].recall
            assert one[scheme].f1.value == pytest.approx(other[scheme].f1.value)


@given(DOCUMENTS, st.randoms())
def test_the_order_of_spans_changes_no_figure(documents, random):
    shuffled = [
        SpanDocument(random.sample(d.gold, len(d.gold)), random.sample(d.predicted, len(d.predicted)))
        for d in documents
    ]
    assert np.array_equal(count_spans(documents).table, count_spans(shuffled).table)


@given(st.lists(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1), min_size=1, max_size=5))
def test_strict_agrees_with_seqeval(sequences):
    gold = [[g for g, _ in sequence] for sequence in sequences]
    predicted = [[p for _, p in sequence] for sequence in sequences]
    documents = [SpanDocument(spans_of_tags(g), spans_of_tags(p)) for g, p in zip(gold, predicted, strict=True)]
    scores = score(*documents)
    if not scores.gold + scores.predicted:
        return

    def seqeval(average):
        return precision_recall_fscore_support(gold, predicted, scheme=IOB2, average=average, zero_division=0)

    assert figures(scores, "strict") == pytest.approx(seqeval("micro")[:3])
    precision, recall, f1, support = seqeval(None)
    for row, label in enumerate(sorted(scores.by_label)):
        ours = scores.by_label[label]
        strict = ours.schemes["strict"]
        values = (strict.precision.value, strict.recall.value, strict.f1.value, ours.gold)
        assert values == pytest.approx((precision[row], recall[row], f1[row], support[row]))
    if scores.macro_labels == tuple(scores.by_label):  # seqeval's set has the labels that are only predicted, too.
        assert scores.macro["strict"].f1.value == pytest.approx(seqeval("macro")[2])


def test_radgraph_f1_takes_sets_of_tokens_and_label():
    gold = [[(0, 0, "OBS-DP"), (0, 0, "OBS-DP"), (3, 4, "ANAT-DP")], []]
    predicted = [[(0, 0, "OBS-DP"), (3, 4, "OBS-DP")], [(1, 1, "OBS-U")]]
    assert radgraph_f1(gold, predicted).value == pytest.approx(2 * 1 / (2 + 3))


def test_radgraph_f1_needs_both_sides_of_each_report():
    with pytest.raises(ValueError, match="zip"):
        radgraph_f1([[]], [])


def test_false_alarms_are_counted_in_sentences_without_gold():
    a = Span(0, 1, "A")
    sentences = [
        SpanDocument([], [a, a], unplaced_predicted=["A"]),
        SpanDocument([], []),
        SpanDocument([a], [a, a]),
        SpanDocument([], [], unplaced_gold=["A"]),
        SpanDocument([], [a]),
    ]
    rate = false_alarms_per_sentence(sentences, ["r1", "r1", "r1", "r2", "r3"])
    assert (rate.value, rate.n) == (pytest.approx(4 / 3), 2)
    assert false_alarms_per_sentence(sentences[2:3], ["r1"]).value is None
