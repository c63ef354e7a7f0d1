import random

from hypothesis import given
from hypothesis import strategies as st

from medtune.studies.radgraph.combine import OVERLAP, SAME_SPAN, annotated, combine_entities, layout_of
from medtune.studies.radgraph.found import Found
from medtune.studies.radgraph.reports import LABELS, corpus_of

TEXT = "a b c d e f g h"


def found(first, last, label="OBS-DP", confidence=0.9):
    """Tokens first to last of TEXT."""
    start, end = 2 * first, 2 * last + 1
    return Found(label, start, end, TEXT[start:end], first, last, confidence)


entities = st.lists(
    st.tuples(
        st.integers(0, 7), st.integers(0, 3), st.sampled_from(LABELS), st.none() | st.sampled_from([0.0, 0.5, 0.9, 1.0])
    ).map(lambda drawn: found(drawn[0], min(drawn[0] + drawn[1], 7), *drawn[2:])),
    max_size=8,
)


def test_entities_that_share_no_token_all_stay_in_the_order_of_the_text():
    kept, conflicts = combine_entities([found(4, 5, "OBS-DA"), found(0, 1, "ANAT-DP"), found(2, 3)])
    assert [entity.start_token for entity in kept] == [0, 2, 4]
    assert conflicts == []


def test_of_two_labels_for_one_span_the_surer_stays_and_the_other_is_listed():
    sure, unsure = found(0, 1, "OBS-DA", 0.9), found(0, 1, "OBS-DP", 0.8)
    kept, (conflict,) = combine_entities([unsure, sure])
    assert kept == [sure]
    assert (conflict.kept, conflict.dropped, conflict.kind) == (sure, unsure, SAME_SPAN)


def test_an_overlap_is_a_conflict_also_within_one_label():
    kept, (conflict,) = combine_entities([found(0, 2, confidence=0.6), found(2, 3, confidence=0.7)])
    assert kept == [found(2, 3, confidence=0.7)]
    assert conflict.kind == OVERLAP


def test_what_gave_way_displaces_nothing():
    kept, conflicts = combine_entities(
        [found(0, 1, confidence=0.9), found(1, 2, confidence=0.8), found(2, 3, confidence=0.7)]
    )
    assert [entity.start_token for entity in kept] == [0, 2]
    assert len(conflicts) == 1


def test_the_same_entity_twice_is_one_with_the_higher_confidence_and_no_conflict():
    assert combine_entities([found(0, 1, confidence=0.5), found(0, 1, confidence=0.8)]) == (
        [found(0, 1, confidence=0.8)],
        [],
    )


def test_unknown_confidence_gives_way_to_any_and_between_equals_the_longer_stays():
    assert combine_entities([found(0, 3, confidence=None), found(1, 1, confidence=0.0)])[0] == [
        found(1, 1, confidence=0.0)
    ]
    assert combine_entities([found(0, 0), found(0, 1)])[0] == [found(0, 1)]
    assert combine_entities([found(0, 0, "OBS-U"), found(0, 0, "ANAT-DP")])[0] == [found(0, 0, "ANAT-DP")]


@given(entities, st.integers(0, 5))
def test_each_token_has_one_entity_nothing_is_lost_and_the_order_does_not_matter(given_entities, seed):
    kept, conflicts = combine_entities(given_entities)
    tokens = [token for entity in kept for token in range(entity.start_token, entity.end_token + 1)]
    assert len(tokens) == len(set(tokens))
    names = {(e.start_token, e.end_token, e.label) for e in [*kept, *(conflict.dropped for conflict in conflicts)]}
    assert names == {(e.start_token, e.end_token, e.label) for e in given_entities}
    assert len(names) == len(kept) + len(conflicts)
    for conflict in conflicts:
        assert conflict.kept in kept
        assert (conflict.kept.confidence or 0) >= (conflict.dropped.confidence or 0)
        assert conflict.kept.start_token <= conflict.dropped.end_token
        assert conflict.dropped.start_token <= conflict.kept.end_token
    shuffled = random.Random(seed).sample(given_entities, len(given_entities))
    assert combine_entities(shuffled) == (kept, conflicts)


@given(entities)
def test_combined_entities_are_read_back_from_the_layout(given_entities):
    kept, _ = combine_entities(given_entities)
    report = annotated("r1", TEXT, kept, "made", "test")
    (read,) = corpus_of(layout_of([report]), "merged").reports
    assert read == report
    assert [(e.start_token, e.end_token, e.label, e.text) for e in read.entities] == [
        (e.start_token, e.end_token, e.label, e.text) for e in kept
    ]
