import pytest

from medtune.data.related import REPEATED, Relation, check_documents
from medtune.errors import InputError
from medtune.studies.relations.chemprot import NOT_EVALUATED, read_chemprot
from tests.workspace import ROOT

CASES = ROOT.parent / "shared" / "cases"

FILES = {
    "abstracts": "11\tAspirin and COX\tAspirin blocks COX-1.\n12\tNothing here\tAt all.\n",
    "entities": "11\tT2\tCHEMICAL\t16\t23\tAspirin\n11\tT5\tGENE-Y\t31\t36\tCOX-1\n11\tT1\tCHEMICAL\t0\t7\tAspirin\n",
    "relations": (
        "11\tCPR:4\tY \tINHIBITOR\tArg1:T2\tArg2:T5\n"
        "11\tCPR:4\tY \tDOWNREGULATOR\tArg1:T2\tArg2:T5\n"
        "11\tCPR:10\tN \tNOT\tArg1:T1\tArg2:T5\n"
    ),
}


@pytest.fixture
def read(tmp_path):
    def reader(pattern="chemprot_training_{}.tsv", evaluated_only=True, **changes):
        for name, content in {**FILES, **changes}.items():
            (tmp_path / pattern.format(name)).write_text(content)
        return read_chemprot(tmp_path, evaluated_only)

    return reader


@pytest.mark.parametrize("pattern", ["chemprot_training_{}.tsv", "chemprot_test_{}_gs.tsv"])
def test_the_three_files_are_joined_and_offsets_count_title_and_abstract(read, pattern):
    corpus = read(pattern)
    check_documents(corpus.documents, "made")
    first, second = corpus.documents
    assert (first.id, first.text) == ("11", "Aspirin and COX Aspirin blocks COX-1.")
    assert [(e.label, e.text) for e in first.entities] == [
        ("CHEMICAL", "Aspirin"),
        ("GENE-Y", "COX-1"),
        ("CHEMICAL", "Aspirin"),
    ]
    assert first.relations == (Relation("CPR:4", 0, 1),)
    assert second.entities == second.relations == ()
    assert corpus.symmetric == frozenset()


def test_groups_that_are_not_evaluated_and_names_of_one_group_are_counted(read):
    assert read().left_out == {NOT_EVALUATED: 1, REPEATED: 1}
    corpus = read(evaluated_only=False)
    assert corpus.documents[0].relations == (Relation("CPR:4", 0, 1), Relation("CPR:10", 2, 1))
    assert corpus.left_out == {REPEATED: 1}


def test_drugprot_is_read_as_released():
    corpus = read_chemprot(CASES / "40_drugprot")
    (document,) = corpus.documents
    check_documents(corpus.documents, "made")
    assert [(e.label, e.text) for e in document.entities] == [("CHEMICAL", "Lithium"), ("GENE-Y", "GSK3")]
    assert document.relations == (Relation("INHIBITOR", 0, 1),) and corpus.left_out == {}


def test_relation_rows_have_one_layout_in_a_file(read):
    read()
    with pytest.raises(InputError, match="line 4: 4 fields parted by tabs; expected the 6 of relations"):
        read(relations=FILES["relations"] + "11\tINHIBITOR\tArg1:T2\tArg2:T5\n")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "abstracts",
            FILES["abstracts"] + "11\tA\tB\n",
            'line 3: the document "11" occurs more than once; ids must be unique',
        ),
        ("abstracts", "11\tAspirin and COX\n", "line 1: 2 fields parted by tabs; expected the 3 of abstracts"),
        ("entities", "13\tT1\tCHEMICAL\t0\t7\tAspirin\n", 'line 1: the document "13" is not among the abstracts'),
        ("entities", FILES["entities"] * 2, 'line 4: the entity T2 of document "11" occurs more than once'),
        (
            "entities",
            "11\tT1\tCHEMICAL\t1\t8\tAspirin\n",
            'line 1: the entity is "Aspirin", but at 1 to 8 the text has "spirin "',
        ),
        (
            "entities",
            "11\tT1\tCHEMICAL\t30\t99\tAspirin\n",
            "line 1: the span 30 to 99 is empty or outside the text, which has 37 characters",
        ),
        (
            "entities",
            "11\tT1\tCHEMICAL\ta\t7\tAspirin\n",
            'line 1: the offsets are "a" and "7"; expected whole numbers',
        ),
        (
            "relations",
            "11\tCPR:4\tY \tINHIBITOR\tArg1:T2\tArg2:T9\n",
            'line 1: the relation "CPR:4" names "T9", which is no entity of document "11"',
        ),
    ],
)
def test_faulty_rows_are_refused_with_line_and_what_is_wrong(read, tmp_path, name, content, sentence):
    with pytest.raises(InputError) as caught:
        read(**{name: content})
    assert str(caught.value) == f"{tmp_path / f'chemprot_training_{name}.tsv'}, {sentence}"


def test_a_missing_file_or_folder_and_two_parts_in_one_folder_are_refused(read, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_chemprot(tmp_path / "none")
    with pytest.raises(InputError, match=r'expected one \.tsv file with "abstracts" in its name, found none'):
        read_chemprot(tmp_path)
    read()
    with pytest.raises(InputError, match=r"found chemprot_dev_abstracts\.tsv, chemprot_training_abstracts\.tsv"):
        read("chemprot_dev_{}.tsv")
