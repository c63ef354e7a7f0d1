import json

import pytest

from medtune.data.related import DISCONTINUOUS, NO_CONCEPT, RelatedEntity, Relation
from medtune.errors import InputError
from medtune.studies.relations.bioc_json import read_bioc_json
from medtune.studies.relations.pubtator import BIORED_RELATIONS, read_pubtator


def annotation(start, text, kind="Chemical", identifier="D1"):
    location = {"offset": start, "length": len(text)}
    return {"id": "0", "infons": {"type": kind, "identifier": identifier}, "text": text, "locations": [location]}


def relation(head="D1", tail="D3"):
    return {"id": "R0", "infons": {"entity1": head, "entity2": tail, "type": "Association", "novel": "No"}}


def record():
    return {
        "id": "7",
        "passages": [
            {"offset": 0, "text": "Iodide and goitre.", "annotations": [annotation(0, "Iodide")]},
            {"offset": 19, "text": "Goitre went.", "annotations": [annotation(19, "Goitre", "Disease", "D2,D3")]},
        ],
        "relations": [relation()],
    }


@pytest.fixture
def read(tmp_path):
    def reader(*documents):
        path = tmp_path / "made.json"
        path.write_text(json.dumps({"documents": list(documents)}))
        return read_bioc_json(path)

    return reader


@pytest.fixture
def refusal(read, tmp_path):
    def said(*documents):
        with pytest.raises(InputError) as caught:
            read(*documents)
        return str(caught.value).replace(str(tmp_path / "made.json"), "F")

    return said


def test_minus_one_is_no_concept(read):
    made = record() | {"relations": []}
    made["passages"][0]["annotations"] = [annotation(0, "Iodide", identifier="-1")]
    assert read(made).documents[0].entities[0].concepts == ()


def test_passages_stand_at_their_offsets_and_relations_join_concepts(read):
    corpus = read(record())
    (document,) = corpus.documents
    assert document.text == "Iodide and goitre. Goitre went."
    assert document.entities == (
        RelatedEntity(0, 6, "Chemical", "Iodide", ("D1",)),
        RelatedEntity(19, 25, "Disease", "Goitre", ("D2", "D3")),
    )
    assert document.relations == (Relation("Association", "D1", "D3"),)
    assert corpus.symmetric == BIORED_RELATIONS and corpus.left_out == {}


def test_both_forms_of_biored_give_the_same_documents(read, corpora, tmp_path):
    lines = (corpora / "biored" / "Dev.PubTator").read_text().split("\n\n")[:20]
    path = tmp_path / "made.PubTator"
    path.write_text("\n\n".join(lines))
    expected = read_pubtator(path)
    records = []
    for block in lines:
        (title, abstract, *rest), identifier = block.split("\n"), block.split("|")[0]
        title, abstract = title.split("|", 2)[2], abstract.split("|", 2)[2]
        fields = [line.split("\t")[1:] for line in rest]
        annotations = [annotation(int(f[0]), f[2], f[3], f[4]) for f in fields if len(f) == 5]
        relations = [{"infons": {"type": f[0], "entity1": f[1], "entity2": f[2]}} for f in fields if len(f) == 4]
        passages = [
            {"offset": 0, "text": title, "annotations": annotations},
            {"offset": len(title) + 1, "text": abstract},
        ]
        records.append({"id": identifier, "passages": passages, "relations": relations})
    assert read(*records) == expected
    assert sum(len(document.relations) for document in expected.documents) > 100


def test_a_mention_in_parts_is_the_range_around_them_and_one_without_id_is_counted(read):
    made = record()
    made["passages"][0]["annotations"].append(
        {
            "id": "1",
            "infons": {"type": "Disease"},
            "text": "Iodide goitre",
            "locations": [{"offset": 0, "length": 6}, {"offset": 11, "length": 6}],
        }
    )
    corpus = read(made)
    assert corpus.documents[0].entities[1] == RelatedEntity(0, 17, "Disease", "Iodide and goitre")
    assert corpus.left_out == {DISCONTINUOUS: 1, NO_CONCEPT: 1}


def with_annotation(**changes):
    made = record()
    made["passages"][0]["annotations"][0].update(changes)
    return made


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (
            {**record(), "relations": [relation(tail="D9")]},
            'F, document "7", relation 1: the relation "Association" names the concept "D9", which no entity of '
            'document "7" has',
        ),
        (
            {**record(), "relations": [{"id": "R0"}]},
            'F, document "7", relation 1: the field "infons" holds null; expected an object',
        ),
        (
            {**record(), "passages": [*record()["passages"], {"offset": 20, "text": "x"}]},
            'F, document "7", passage 3: starts at 20, before the end of the text so far (31)',
        ),
        (
            with_annotation(text="Iodine"),
            'F, document "7", annotation "0": the entity is "Iodine", but at 0 to 6 the text has "Iodide"',
        ),
        (
            with_annotation(locations=[{"offset": 28, "length": 6}]),
            'F, document "7", annotation "0": the span 28 to 34 is empty or outside the text, which has 31 characters',
        ),
        (
            with_annotation(locations=[]),
            'F, document "7", annotation "0": no location; expected an offset and a length in the field "locations"',
        ),
        ({**record(), "id": 7}, 'F, document 1: the field "id" holds 7; expected text'),
        ("7", "F, document 1: expected a JSON object, found str"),
    ],
)
def test_faulty_records_are_refused_with_document_and_what_is_wrong(refusal, made, sentence):
    assert refusal(made) == sentence


def test_a_file_without_documents_or_with_one_twice_is_refused(refusal):
    assert refusal() == 'F: holds no document; expected a list of them in the field "documents"'
    assert refusal(record(), record()) == 'F: the document "7" occurs more than once; ids must be unique'
