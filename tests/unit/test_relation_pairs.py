"""Gold documents and extractions as the metrics take them."""

import pytest

from medtune.data.listed_entities import FoundEntity
from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.span import Span
from medtune.kinds.relations import matching as scored
from medtune.kinds.relations.output import Extraction, Removals
from medtune.kinds.relations.pairs import between_concepts, concept_pair, entity_pair, found_spans, relation_pair

TEXT = "aspirin prevents stroke"
ENTITIES = (
    RelatedEntity(0, 7, "Drug", "aspirin", ("C1", "C2")),
    RelatedEntity(17, 23, "Disease", "stroke", ("D1",)),
    RelatedEntity(17, 23, "Disease", "stroke", ("D1",)),
)
DRUG, DISEASE = Span(0, 7, "Drug"), Span(17, 23, "Disease")
FOUND = Extraction(
    (FoundEntity("aspirin", "Drug", 0, 7), FoundEntity("heart attack", "Disease", None, None)),
    (Relation("prevents", 0, 1),),
    Removals(),
)


def document(*relations):
    return RelatedDocument("d1", TEXT, ENTITIES, relations)


def test_entities_that_are_annotated_twice_count_once_and_values_without_a_place_are_kept():
    pair = entity_pair(document(), FOUND)
    assert (pair.gold, pair.predicted, pair.unplaced_predicted) == ([DRUG, DISEASE], [DRUG], ["Disease"])
    assert found_spans(pair) == {DRUG}


def test_relations_between_mentions_have_spans_as_arguments():
    pair = relation_pair(document(Relation("prevents", 0, 2)), FOUND)
    assert pair.gold == [scored.Relation(DRUG, "prevents", DISEASE)]
    assert pair.predicted == [scored.Relation(DRUG, "prevents", scored.Unplaced("heart attack"))]


def test_relations_between_concepts_keep_their_ids_and_the_mentions_their_concepts():
    pair = concept_pair(document(Relation("prevents", "C2", "D1")), FOUND)
    assert pair.gold == [scored.Relation("C2", "prevents", "D1")]
    assert pair.mentions[0] == (DRUG, ("C1", "C2"))


def test_relations_of_the_other_kind_are_refused():
    with pytest.raises(ValueError, match='document "d1"'):
        relation_pair(document(Relation("prevents", "C1", "D1")), FOUND)
    with pytest.raises(ValueError, match='document "d1"'):
        concept_pair(document(Relation("prevents", 0, 1)), FOUND)


def test_a_corpus_has_relations_between_concepts_or_between_mentions():
    assert between_concepts([document(), document(Relation("prevents", "C1", "D1"))])
    assert not between_concepts([document(), document(Relation("prevents", 0, 1))])
