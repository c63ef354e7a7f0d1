import json

import pytest

from medtune.data.related import (
    RelatedDocument,
    RelatedEntity,
    Relation,
    check_documents,
    concept_ids,
    entity_counts,
    from_row,
    parts_of_composite,
    relation_counts,
    to_row,
    unique,
)
from medtune.errors import InputError
from medtune.studies.relations.pubtator import read_pubtator
from tests.conftest import ROOT

TEXT = "Aspirin relieved gout. ASA helps."
ENTITIES = (
    RelatedEntity(0, 7, "Drug", "Aspirin", ("D1",)),
    RelatedEntity(17, 21, "Disease", "gout", ("D2", "D3")),
    RelatedEntity(23, 26, "Drug", "ASA", ("D1",)),
)
BETWEEN_CONCEPTS = RelatedDocument("1", TEXT, ENTITIES, (Relation("treats", "D1", "D3"),))
BETWEEN_MENTIONS = RelatedDocument("2", TEXT, ENTITIES, (Relation("treats", 0, 1),))


def refusal(*documents):
    with pytest.raises(InputError) as caught:
        check_documents(documents, "made")
    return str(caught.value)


def test_a_concept_stands_for_all_its_mentions_and_a_number_for_one():
    assert BETWEEN_CONCEPTS.mentions_of("D1") == (0, 2)
    assert BETWEEN_CONCEPTS.mentions_of("D3") == (1,)
    assert BETWEEN_MENTIONS.mentions_of(2) == (2,)
    assert (
        BETWEEN_CONCEPTS.mentions_of("D9") == BETWEEN_MENTIONS.mentions_of(3) == BETWEEN_MENTIONS.mentions_of(-1) == ()
    )
    assert BETWEEN_CONCEPTS.labels_of("D1") == ("Drug",)


def test_the_ids_of_a_composite_mention_are_parted_and_a_dash_is_none():
    assert concept_ids("D1, D2,D1") == ("D1", "D2")
    assert concept_ids(" CVCL_1452") == ("CVCL_1452",)
    assert concept_ids("c|DEL|1314_1328|") == ("c|DEL|1314_1328|",)
    assert concept_ids("-") == concept_ids("") == ()


def test_repeated_relations_are_dropped_and_counted_and_the_order_stays():
    one, other = Relation("a", 0, 1), Relation("a", 1, 0)
    assert unique([one, other, one, one]) == ((one, other), 2)


def test_sound_documents_pass():
    check_documents([BETWEEN_CONCEPTS, BETWEEN_MENTIONS], "made")


@pytest.mark.parametrize(
    ("entity", "sentence"),
    [
        (RelatedEntity(0, 6, "Drug", "Aspirin"), 'entity 1 is "Aspirin", but at 0 to 6 the text has "Aspiri"'),
        (
            RelatedEntity(23, 99, "Drug", "ASA"),
            'entity 1, "ASA": the span 23 to 99 is empty or outside the text, which has 33 characters',
        ),
        (
            RelatedEntity(5, 5, "Drug", ""),
            'entity 1, "": the span 5 to 5 is empty or outside the text, which has 33 characters',
        ),
    ],
)
def test_offsets_must_slice_to_the_text(entity, sentence):
    assert refusal(RelatedDocument("1", TEXT, (entity,))) == f'made, document "1": {sentence}'


def test_relations_must_join_what_is_there():
    of_concepts = RelatedDocument("1", TEXT, ENTITIES, (Relation("treats", "D1", "D9"),))
    of_mentions = RelatedDocument("1", TEXT, ENTITIES, (Relation("treats", 0, 3),))
    assert refusal(of_concepts).endswith('the relation "treats" names "D9", which no entity has as its concept')
    assert refusal(of_mentions).endswith('the relation "treats" names entity 4, which is not there')


def test_ids_must_be_unique():
    assert refusal(BETWEEN_CONCEPTS, BETWEEN_CONCEPTS) == 'made: the id "1" occurs more than once; ids must be unique'


def test_counts_are_by_frequency():
    assert entity_counts([BETWEEN_CONCEPTS]) == {"Drug": 2, "Disease": 1}
    assert list(entity_counts([BETWEEN_CONCEPTS])) == ["Drug", "Disease"]
    assert relation_counts([BETWEEN_CONCEPTS, BETWEEN_MENTIONS]) == {"treats": 2}


@pytest.mark.parametrize("document", [BETWEEN_CONCEPTS, BETWEEN_MENTIONS])
def test_a_document_comes_back_from_its_row(document):
    row = json.loads(json.dumps(to_row(document)))
    assert from_row({**row, "source": "made"}) == document


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("D051437", ("D051437",)),
        ("-1", ()),
        ("-", ()),
        ("", ()),
        ("1017, 1018,1017", ("1017", "1018")),
    ],
)
def test_commas_part_ids_and_minus_one_is_none(written, ids):
    assert concept_ids(written) == ids


@pytest.mark.parametrize(
    ("concept", "parts"),
    [
        ("D051437|D017093", ("D051437", "D017093")),
        ("MESH:D051437|MESH:C1", ("MESH:D051437", "MESH:C1")),
        ("D1|-1", ("D1",)),
        ("c|DEL|1314_1328|", ("c|DEL|1314_1328|",)),
        ("p|SUB|V|600|E", ("p|SUB|V|600|E",)),
    ],
)
def test_bars_part_the_ids_of_a_composite_mention_and_belong_to_those_of_variants(concept, parts):
    assert parts_of_composite(concept) == parts


def test_a_composite_mention_of_bc5cdr_has_all_its_concepts():
    (folder,) = (ROOT.parent / "shared" / "cases").glob("30_*")
    (path,) = folder.iterdir()
    (document,) = read_pubtator(path, symmetric=()).documents
    assert document.entities[2].concepts == ("D051437", "D017093")
    assert document.relations == (Relation("CID", "D008094", "D017093"),)
