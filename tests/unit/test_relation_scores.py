"""Relations: what counts as right, what every error is called, and what no order and no repeat can change."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.span import Span
from medtune.kinds.relations.concepts import ConceptDocument, concepts_of, given_mentions, link_concepts
from medtune.kinds.relations.matching import (
    CLASSES,
    CORRECT,
    DUPLICATE,
    GOLD_CLASSES,
    MISSED,
    PREDICTED_CLASSES,
    SPURIOUS,
    WRONG_ARGUMENT,
    WRONG_DIRECTION,
    WRONG_TYPE,
    Relation,
    RelationDocument,
    Unplaced,
    classify_relations,
    given_entities,
)
from medtune.kinds.relations.relation_scores import (
    NONE,
    confusion_matrix,
    count_concept_relations,
    count_relations,
    entity_types,
    error_counts,
    relation_types,
    score_relations,
)
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.intervals import f1 as f1_estimate
from medtune.metrics.significance import paired_difference
from medtune.metrics.span_scores import SpanDocument

SYMMETRIC = frozenset({"interacts_with"})
DRUG, OTHER_DRUG = Span(0, 7, "Drug"), Span(12, 19, "Drug")
DISEASE, SYMPTOM = Span(30, 38, "Disease"), Span(40, 45, "Symptom")
TREATS = Relation(DRUG, "treats", DISEASE)

ARGUMENTS = st.one_of(
    st.builds(
        lambda start, length, label: Span(start, start + length, label),
        st.integers(0, 6),
        st.integers(1, 3),
        st.sampled_from(["Drug", "Disease"]),
    ),
    st.builds(Unplaced, st.sampled_from("xy")),
)
TYPES = st.sampled_from(["treats", "causes", "interacts_with"])
RELATIONS = st.lists(st.builds(Relation, ARGUMENTS, TYPES, ARGUMENTS), max_size=6)
DOCUMENTS = st.lists(st.builds(RelationDocument, RELATIONS, RELATIONS), min_size=1, max_size=3)
IDS = st.sampled_from(["C1", "C2", "C3"])
SPANS = ARGUMENTS.filter(lambda argument: isinstance(argument, Span))
CONCEPT_DOCUMENTS = st.builds(
    ConceptDocument,
    st.lists(st.tuples(SPANS, st.sets(IDS, min_size=1, max_size=2)), max_size=6),
    st.lists(st.builds(Relation, IDS, TYPES, IDS), max_size=5),
    RELATIONS,
)


def kinds(gold, predicted):
    return sorted(case.kind for case in classify_relations([RelationDocument(gold, predicted)], SYMMETRIC))


def score(*documents, labels=()):
    return score_relations(count_relations(documents, SYMMETRIC, labels))


def figures(scores, scheme):
    return tuple(getattr(scores.micro[scheme], name).value for name in ("precision", "recall", "f1"))


def turned(relation):
    return Relation(relation.tail, relation.label, relation.head)


def sums_of(documents):
    counts = error_counts(classify_relations(documents, SYMMETRIC), len(documents))
    return {kind: counts[kind].tolist() for kind in CLASSES}


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (TREATS, [CORRECT]),
        (Relation(DISEASE, "treats", DRUG), [WRONG_DIRECTION]),
        (Relation(DRUG, "causes", DISEASE), [WRONG_TYPE]),
        (Relation(DISEASE, "causes", DRUG), [WRONG_TYPE]),
        (Relation(DISEASE, "interacts_with", DRUG), [WRONG_TYPE]),
        (Relation(DRUG, "treats", SYMPTOM), [WRONG_ARGUMENT]),
        (Relation(DRUG, "treats", Unplaced("cancer")), [WRONG_ARGUMENT]),
        (Relation(Span(0, 7, "Disease"), "treats", DISEASE), [WRONG_ARGUMENT]),
        (Relation(Span(2, 7, "Drug"), "treats", Span(25, 38, "Disease")), [WRONG_ARGUMENT]),
        (Relation(Span(25, 38, "Disease"), "treats", DRUG), [WRONG_DIRECTION]),
        (Relation(Span(2, 7, "Drug"), "causes", DISEASE), [WRONG_TYPE]),
        (Relation(OTHER_DRUG, "treats", SYMPTOM), [MISSED, SPURIOUS]),
        (Relation(DRUG, "causes", SYMPTOM), [MISSED, SPURIOUS]),
        (Relation(SYMPTOM, "treats", DRUG), [MISSED, SPURIOUS]),
    ],
)
def test_each_error_has_its_class(predicted, expected):
    assert kinds([TREATS], [predicted]) == expected


def test_a_symmetric_relation_is_right_either_way_round():
    one = Relation(DRUG, "interacts_with", OTHER_DRUG)
    assert kinds([one], [turned(one)]) == [CORRECT]
    assert kinds([turned(one)], [Relation(DRUG, "interacts_with", SYMPTOM)]) == [WRONG_ARGUMENT]
    assert kinds([one], [one, turned(one)]) == [CORRECT, DUPLICATE]


def test_a_symmetric_relation_may_overlap_the_other_way_round_too():
    one = Relation(DRUG, "interacts_with", OTHER_DRUG)
    # The second argument begins before the first one, so that its fixed order is the other one.
    near = Relation(Span(5, 9, "Drug"), "interacts_with", Span(3, 15, "Drug"))
    gold = Relation(Span(6, 8, "Drug"), "interacts_with", Span(10, 14, "Drug"))
    assert figures(score(RelationDocument([gold], [near])), "relaxed") == (1, 1, 1)
    assert kinds([Relation(OTHER_DRUG, "interacts_with", SYMPTOM)], [one]) == [WRONG_ARGUMENT]


def test_an_argument_without_a_place_is_never_right():
    relation = Relation(DRUG, "treats", Unplaced("left arm"))
    assert kinds([relation], [relation]) == [WRONG_ARGUMENT]
    both = Relation(Unplaced("a"), "treats", Unplaced("b"))
    assert kinds([both], [both]) == [MISSED, SPURIOUS]


def test_repeats_are_duplicates_whether_the_first_is_right_or_wrong():
    wrong = Relation(OTHER_DRUG, "causes", SYMPTOM)
    assert kinds([TREATS], [TREATS, wrong, TREATS, wrong, wrong]) == [CORRECT, *[DUPLICATE] * 3, SPURIOUS]
    assert figures(score(RelationDocument([TREATS], [TREATS] * 4)), "strict") == pytest.approx((1 / 4, 1, 2 / 5))


def test_the_right_relation_is_not_lost_to_a_wrong_one_beside_it():
    near = Relation(Span(0, 9, "Drug"), "treats", DISEASE)
    assert kinds([TREATS], [near, TREATS]) == [CORRECT, SPURIOUS]
    assert kinds([TREATS, near], [near]) == [CORRECT, MISSED]


def test_relaxed_forgives_boundaries_and_entity_types_but_neither_type_nor_direction():
    near = Relation(Span(3, 9, "Symptom"), "treats", Span(30, 32, "Disease"))
    for predicted, relaxed in [(near, 1), (turned(near), 0), (Relation(near.head, "causes", near.tail), 0)]:
        scores = score(RelationDocument([TREATS], [predicted]))
        assert figures(scores, "strict") == (0, 0, 0)
        assert figures(scores, "relaxed") == (relaxed,) * 3


def test_relaxed_pairs_as_many_as_can_be():
    # The wide prediction overlaps both gold ones, and must leave the first to the one that fits nothing else.
    gold = [Relation(Span(0, 4, "Drug"), "treats", DISEASE), Relation(Span(5, 9, "Drug"), "treats", DISEASE)]
    predicted = [Relation(Span(0, 9, "Drug"), "treats", DISEASE), Relation(Span(1, 3, "Drug"), "treats", DISEASE)]
    assert figures(score(RelationDocument(gold, predicted)), "relaxed") == (1, 1, 1)


def test_figures_by_type_and_their_mean_over_the_types_with_gold():
    interacts, causes = Relation(DRUG, "interacts_with", OTHER_DRUG), Relation(DISEASE, "causes", SYMPTOM)
    documents = [
        RelationDocument([TREATS, interacts], [TREATS, causes]),
        RelationDocument([TREATS], []),
        RelationDocument([], []),
    ]
    scores = score(*documents, labels=["prevents"])
    assert scores.macro_labels == ("interacts_with", "treats")
    assert list(scores.by_label) == ["prevents", "causes", "interacts_with", "treats"]
    treats = scores.by_label["treats"]
    assert (treats.gold, treats.predicted, treats.documents) == (2, 1, 2)
    assert treats.schemes["strict"].f1.value == pytest.approx(2 / 3)
    assert scores.macro["strict"].f1.value == pytest.approx((2 / 3 + 0) / 2)
    assert figures(scores, "strict") == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    assert (scores.gold, scores.predicted, scores.documents) == (3, 2, 3)
    assert scores.by_label["prevents"].schemes["strict"].f1.value is None


@pytest.mark.parametrize("documents", [[], [RelationDocument([], [])]])
def test_nothing_on_either_side_gives_no_figure(documents):
    f1 = score(*documents, labels=["treats"]).micro["strict"].f1
    assert (f1.value, f1.low, f1.high, f1.n) == (None, None, None, 0)


def test_predictions_without_gold_score_0_and_have_no_macro_figure():
    scores = score(RelationDocument([], [TREATS]))
    assert figures(scores, "strict") == (0, 0, 0)
    assert scores.macro["strict"].f1.value is None


def test_counts_serve_the_common_interval_and_the_paired_test():
    rng = np.random.default_rng(0)
    documents = [
        RelationDocument([TREATS, Relation(DISEASE, "causes", SYMPTOM)], [TREATS, turned(TREATS)][: rng.integers(3)])
        for _ in range(20)
    ]
    counts = count_relations(documents, SYMMETRIC)
    ours, common = score_relations(counts).micro["strict"].f1, f1_estimate(counts.f1_counts())
    assert (ours.value, ours.low, ours.high, ours.n) == pytest.approx((common.value, common.low, common.high, 20))
    assert ours.method == common.method
    assert counts.f1_counts(label="causes").sum(axis=0).tolist() == [0, 0, 20]
    assert paired_difference(counts.f1_counts("relaxed"), counts.f1_counts(), f1_of_counts, 3, 50).value == 0


def test_figures_of_0_and_1_are_not_certain():
    right = [RelationDocument([TREATS], [TREATS])] * 5
    wrong = [RelationDocument([TREATS], [turned(TREATS)])] * 5
    for documents, value in ((right, 1), (wrong, 0)):
        for name in ("precision", "recall", "f1"):
            estimate = getattr(score(*documents).micro["strict"], name)
            assert estimate.value == value
            assert 0.2 < estimate.high - estimate.low < 0.7


def test_scores_become_plain_dictionaries():
    data = score(RelationDocument([TREATS], [TREATS])).as_dict()
    assert data["by_label"]["treats"]["schemes"]["relaxed"]["f1"]["value"] == 1


def test_given_the_entities_only_relations_between_common_ones_are_left():
    other = Relation(DRUG, "treats", SYMPTOM)
    document = given_entities(RelationDocument([TREATS, other], [TREATS, turned(other)]), [DRUG, DISEASE])
    assert document == RelationDocument([TREATS], [TREATS])


def test_the_matrix_of_types_holds_all_gold_and_all_predicted_relations():
    document = RelationDocument(
        [TREATS, Relation(DISEASE, "causes", SYMPTOM)],
        [turned(TREATS), turned(TREATS), Relation(OTHER_DRUG, "prevents", SYMPTOM)],
    )
    matrix = confusion_matrix(relation_types(classify_relations([document], SYMMETRIC)), ["treats", "causes"])
    assert list(matrix) == list(matrix["treats"]) == ["treats", "causes", "prevents", NONE]
    assert matrix["treats"]["treats"] == matrix["causes"][NONE] == matrix[NONE]["treats"] == 1
    assert matrix[NONE]["prevents"] == 1
    assert sum(map(sum, (row.values() for row in matrix.values()))) == 4


def test_the_matrix_of_entity_types_pairs_what_overlaps_and_counts_what_has_no_place():
    document = SpanDocument([DRUG, DISEASE], [Span(0, 4, "Disease"), SYMPTOM], ["Symptom"], ["Drug", "Drug"])
    assert entity_types([document]) == {
        ("Drug", "Disease"): 1,
        ("Disease", NONE): 1,
        (NONE, "Symptom"): 1,
        ("Symptom", NONE): 1,
        (NONE, "Drug"): 2,
    }


MENTIONS = [
    (Span(0, 7, "Drug"), {"C1"}),
    (Span(50, 57, "Drug"), {"C1"}),
    (Span(12, 19, "Gene"), {"G1", "G2"}),
    (DISEASE, {"D1"}),
]


def concept_figures(gold, predicted):
    counts = count_concept_relations([ConceptDocument(MENTIONS, gold, predicted)], SYMMETRIC)
    return {scheme: counts.f1_counts(scheme).sum(axis=0).tolist() for scheme in ("strict", "relaxed")}


def test_any_mentions_of_two_concepts_say_that_they_are_related_and_say_it_once():
    gold = [Relation("C1", "treats", "D1")]
    pairs = [Relation(span, "treats", DISEASE) for span in (Span(0, 7, "Drug"), Span(50, 57, "Drug"))]
    for predicted in (pairs[:1], pairs[1:], pairs):
        assert concept_figures(gold, predicted) == {"strict": [1, 0, 0], "relaxed": [1, 0, 0]}
    assert concept_figures(gold, [pairs[0]] * 3)["strict"] == [1, 2, 0]


def test_mentions_that_only_overlap_link_by_the_relaxed_rule_alone():
    predicted = [Relation(Span(0, 5, "Disease"), "treats", DISEASE)]
    assert concept_figures([Relation("C1", "treats", "D1")], predicted) == {"strict": [0, 1, 1], "relaxed": [1, 0, 0]}


def test_a_mention_of_several_concepts_stands_for_all_its_pairs_right_or_wrong_as_in_the_evaluation_of_biored():
    predicted = [Relation(Span(12, 19, "Gene"), "causes", DISEASE)]
    gold = [Relation("G1", "causes", "D1"), Relation("G2", "causes", "D1")]
    assert concept_figures(gold, predicted)["strict"] == [2, 0, 0]
    assert concept_figures(gold[1:], predicted)["strict"] == [1, 1, 0]
    assert concept_figures([], predicted)["strict"] == [0, 2, 0]
    assert concept_figures([Relation("G2", "treats", "D1")], predicted)["strict"] == [0, 2, 1]


def test_two_concepts_of_one_mention_can_be_related_and_none_to_itself():
    both = Span(12, 19, "Gene")
    assert concept_figures([Relation("G1", "interacts_with", "G2")], [Relation(both, "interacts_with", both)]) == {
        "strict": [1, 0, 0],
        "relaxed": [1, 0, 0],
    }


def test_errors_between_concepts_have_their_classes_too():
    gold = [Relation("D1", "treats", "G2")]
    linked = link_concepts(
        ConceptDocument(MENTIONS, gold, [Relation(Span(12, 19, "Gene"), "treats", DISEASE)]), SYMMETRIC, False
    )
    assert linked.predicted == [Relation("G1", "treats", "D1"), Relation("G2", "treats", "D1")]
    assert [case.kind for case in classify_relations([linked], SYMMETRIC)] == [WRONG_DIRECTION, SPURIOUS]


def test_what_links_to_no_concept_is_spurious():
    predicted = [Relation(Unplaced("C1"), "treats", Unplaced("D1")), Relation(Span(90, 95, "Drug"), "treats", SYMPTOM)]
    assert concept_figures([Relation("C1", "treats", "D1")], predicted)["relaxed"] == [0, 2, 1]


def test_a_mention_links_to_the_concepts_that_it_overlaps_most():
    assert concepts_of(Span(5, 16, "Drug"), MENTIONS, overlapping=True) == ["G1", "G2"]
    assert concepts_of(Span(5, 16, "Drug"), MENTIONS, overlapping=False) == []
    assert concepts_of(Span(7, 12, "Drug"), MENTIONS, overlapping=True) == []


def test_given_the_mentions_only_relations_between_their_concepts_are_left():
    gold = [Relation("C1", "treats", "D1"), Relation("G1", "causes", "D1")]
    predicted = [Relation(DRUG, "treats", DISEASE), Relation(Span(50, 57, "Drug"), "treats", DISEASE)]
    document = given_mentions(ConceptDocument(MENTIONS, gold, predicted), [DRUG, DISEASE])
    assert (document.gold, document.predicted) == (gold[:1], predicted[:1])


def test_gold_relations_of_a_concept_document_are_between_concepts():
    with pytest.raises(ValueError, match="between ids of concepts"):
        ConceptDocument([], [TREATS], [])


def test_ten_thousand_repeats_and_thousands_of_different_relations_take_bounded_time():
    places = [Span(start, start + 2, "Drug") for start in range(0, 140, 2)]
    crossed = [Relation(a, "interacts_with", b) for a in places for b in places if a < b]
    began = time.process_time()
    counts = count_relations([RelationDocument(crossed[:20], [*crossed, *[TREATS] * 10_000])], SYMMETRIC)
    assert time.process_time() - began < 20
    assert counts.f1_counts().tolist() == [[20, len(crossed) - 20 + 10_000, 0]]


@given(DOCUMENTS, st.randoms())
def test_neither_order_nor_duplicates_in_gold_change_anything(documents, random):
    shuffled = [
        RelationDocument(
            random.sample(d.gold * 2, 2 * len(d.gold)),
            [
                turned(relation) if relation.label in SYMMETRIC and random.random() < 0.5 else relation
                for relation in random.sample(d.predicted, len(d.predicted))
            ],
        )
        for d in documents
    ]
    assert np.array_equal(count_relations(documents, SYMMETRIC).table, count_relations(shuffled, SYMMETRIC).table)
    cases, again = (classify_relations(each, SYMMETRIC) for each in (documents, shuffled))
    assert cases == again


@given(CONCEPT_DOCUMENTS, st.randoms())
def test_neither_order_nor_duplicates_change_anything_between_concepts(document, random):
    shuffled = ConceptDocument(
        random.sample(document.mentions * 2, 2 * len(document.mentions)),
        random.sample(document.gold * 2, 2 * len(document.gold)),
        random.sample(document.predicted, len(document.predicted)),
    )
    tables = [count_concept_relations([each], SYMMETRIC, ["causes"]).table for each in (document, shuffled)]
    assert np.array_equal(*tables)


@given(CONCEPT_DOCUMENTS)
def test_relaxed_links_find_all_that_strict_ones_find(document):
    strict, relaxed = (
        count_concept_relations([document], SYMMETRIC).f1_counts(scheme)[0] for scheme in ("strict", "relaxed")
    )
    assert strict[0] <= relaxed[0]


@given(DOCUMENTS)
def test_the_classes_add_up_to_gold_and_predicted(documents):
    counts = sums_of(documents)
    scores = score(*documents)
    for number, document in enumerate(documents):
        distinct = {relation.normal(SYMMETRIC) for relation in document.gold}
        assert sum(counts[kind][number] for kind in GOLD_CLASSES) == len(distinct)
        assert sum(counts[kind][number] for kind in PREDICTED_CLASSES) == len(document.predicted)
    assert scores.gold == sum(sum(counts[kind]) for kind in GOLD_CLASSES)
    assert scores.predicted == sum(sum(counts[kind]) for kind in PREDICTED_CLASSES)


@given(DOCUMENTS)
def test_strict_is_at_most_relaxed(documents):
    counts = count_relations(documents, SYMMETRIC)
    strict, relaxed = counts.f1_counts("strict"), counts.f1_counts("relaxed")
    assert (strict[:, 0] <= relaxed[:, 0]).all()
    assert np.array_equal(strict[:, [0, 0]] + strict[:, 1:], relaxed[:, [0, 0]] + relaxed[:, 1:])


@given(RELATIONS)
def test_gold_answers_itself_and_swapped_arguments_are_an_error_unless_symmetric(relations):
    gold = [r for r in relations if isinstance(r.head, Span) and isinstance(r.tail, Span)]
    distinct = list(dict.fromkeys(relation.normal(SYMMETRIC) for relation in gold))
    if not distinct:
        return
    assert figures(score(RelationDocument(gold, distinct)), "strict") == (1, 1, 1)
    for relation in distinct:
        right = relation.label in SYMMETRIC or relation.head == relation.tail
        assert (kinds([relation], [turned(relation)]) == [CORRECT]) == right
