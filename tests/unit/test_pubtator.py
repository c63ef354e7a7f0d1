import pytest

from medtune.data.related import NO_CONCEPT, REPEATED, RelatedEntity, Relation, check_documents
from medtune.errors import InputError
from medtune.studies.relations.pubtator import BIORED_RELATIONS, read_pubtator

HEAD = "7|t|Iodide and goitre.\n7|a|Iodide cured I|I of two.\n"
ENTITIES = "7\t0\t6\tIodide\tChemical\tD1\n7\t11\t17\tgoitre\tDisease\tD2,D3\n"
RELATION = "7\tAssociation\tD1\tD3\tNovel\n"
LAYOUT = (
    'expected "id|t|title", "id|a|abstract", or fields parted by tabs: id, start, end, text, type, concept of an '
    "entity; id, type, concept, concept of a relation"
)


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "made.PubTator"
        path.write_bytes(text.encode())
        return read_pubtator(path)

    return reader


@pytest.fixture
def refusal(read, tmp_path):
    def said(text):
        with pytest.raises(InputError) as caught:
            read(text)
        return str(caught.value).replace(str(tmp_path / "made.PubTator"), "F")

    return said


def test_the_text_is_title_space_abstract_and_offsets_hold_in_it(read):
    (document,) = read(HEAD + ENTITIES + RELATION).documents
    assert (document.id, document.text) == ("7", "Iodide and goitre. Iodide cured I|I of two.")
    assert document.entities == (
        RelatedEntity(0, 6, "Chemical", "Iodide", ("D1",)),
        RelatedEntity(11, 17, "Disease", "goitre", ("D2", "D3")),
    )
    assert document.relations == (Relation("Association", "D1", "D3"),)


def test_further_bars_belong_to_the_text_or_to_the_concept(read):
    title = "7|t|A|t|B|a|C.\n7|a||x|\n"
    (document,) = read(title + "7\t8\t9\tC\tSequenceVariant\tc|DEL|1314_1328|\n").documents
    assert document.text == "A|t|B|a|C. |x|"
    assert document.entities[0].concepts == ("c|DEL|1314_1328|",)


def test_documents_need_no_blank_line_between_them_and_line_ends_may_be_two_characters(read):
    second = (HEAD + ENTITIES).replace("7|", "8|").replace("7\t", "8\t").replace("18\t", "17\t")
    corpus = read((HEAD + ENTITIES + second).replace("\n", "\r\n"))
    assert [document.id for document in corpus.documents] == ["7", "8"]
    assert corpus.documents[0].text == corpus.documents[1].text


def test_a_relation_is_of_the_document_and_not_crossed_into_mentions(read):
    again = "7\t19\t25\tIodide\tChemical\tD1\n"
    (document,) = read(HEAD + ENTITIES + again + RELATION).documents
    assert document.mentions_of("D1") == (0, 2) and len(document.relations) == 1


def test_mentions_without_an_id_and_repeated_relations_are_counted(read):
    corpus = read(HEAD + ENTITIES.replace("D2,D3", "-") + (RELATION * 3).replace("D3", "D1"))
    assert corpus.left_out == {NO_CONCEPT: 1, REPEATED: 2}
    assert corpus.documents[0].entities[1].concepts == ()


def test_the_relations_of_biored_have_no_direction(read):
    assert read(HEAD).symmetric == BIORED_RELATIONS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("7||t|Iodide.\n7|a|Iodide.\n", f'F, line 1: "7||t|Iodide." cannot be read; {LAYOUT}'),
        (HEAD + "7|0|6|Iodide|Chemical|D1\n", f'F, line 3: "7|0|6|Iodide|Chemical|D1" cannot be read; {LAYOUT}'),
        (HEAD + "7|a|More.\n", f'F, line 3: "7|a|More." cannot be read; {LAYOUT}'),
        (
            HEAD + "7\t0\tsix\tIodide\tChemical\tD1\n",
            f'F, line 3: "7\t0\tsix\tIodide\tChemical\tD1" cannot be read; {LAYOUT}',
        ),
        ("7|t|Iodide|a|rest\n" + ENTITIES, 'F, line 1: no abstract follows; expected the next line "7|a|…"'),
        ("7|t|Iodide.\n8|a|Iodide.\n", 'F, line 1: no abstract follows; expected the next line "7|a|…"'),
        (
            HEAD + "8\t0\t6\tIodide\tChemical\tD1\n",
            'F, line 3: an annotation of document "8" among those of "7"; expected a title line "8|t|…" before it',
        ),
        (
            HEAD + "7\t1\t7\tIodide\tChemical\tD1\n",
            'F, line 3: the entity is "Iodide", but at 1 to 7 the text has "odide "',
        ),
        (
            HEAD + "7\t40\t46\tIodide\tChemical\tD1\n",
            "F, line 3: the span 40 to 46 is empty or outside the text, which has 43 characters",
        ),
        (
            HEAD + ENTITIES + RELATION.replace("D3", "D9"),
            'F, line 5: the relation "Association" names the concept "D9", which no entity of document "7" has',
        ),
        (HEAD + "7\t0\t6\tIodide\n", f"F, line 3: the entity has no type; {LAYOUT}"),
        (
            HEAD + "7\t0\t²\tIodide\tChemical\tD1\n",
            f'F, line 3: "7\t0\t²\tIodide\tChemical\tD1" cannot be read; {LAYOUT}',
        ),
        (HEAD + "\n" + HEAD, 'F, line 4: the document "7" is that of line 1, too'),
        ("\n", 'F: holds no document; expected lines such as "14510914|t|title"'),
    ],
)
def test_faulty_files_are_refused_with_line_and_what_is_wrong(refusal, text, sentence):
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    ("name", "documents", "entities", "relations"),
    [("Train.PubTator", 400, 13_351, 4_178), ("Dev.PubTator", 100, 3_533, 1_162)],
)
def test_biored_has_its_published_counts_and_no_offset_mismatch(corpora, name, documents, entities, relations):
    path = corpora / "biored" / name
    if not path.is_file():
        pytest.skip(f"BioRED is not here (expected {name} in ../shared/data/biored)")
    corpus = read_pubtator(path)
    check_documents(corpus.documents, name)
    assert len(corpus.documents) == documents
    assert sum(len(document.entities) for document in corpus.documents) == entities
    assert sum(len(document.relations) for document in corpus.documents) == relations
    assert REPEATED not in corpus.left_out
    assert {relation.type for document in corpus.documents for relation in document.relations} <= BIORED_RELATIONS
