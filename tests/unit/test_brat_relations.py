import pytest

from medtune.data.brat import NOT_ANNOTATED, read_brat
from medtune.data.brat_relations import ASIDE, ROLES, read_brat_relations
from medtune.data.dropped import Dropped
from medtune.data.related import DISCONTINUOUS, REPEATED, Relation, check_documents, relation_counts
from medtune.errors import InputError

TEXT = "Aspirin caused nausea and vomiting."
MENTIONS = "T1\tDrug 0 7\tAspirin\nT2\tSymptom 15 21\tnausea\nT3\tSymptom 26 34\tvomiting\n"
EVENTS = "E1\tSymptom:T2 \nE2\tSymptom:T3 Cause:T1\n"


@pytest.fixture
def read(tmp_path):
    def reader(annotation, text=TEXT):
        (tmp_path / "d.txt").write_text(text)
        (tmp_path / "d.ann").write_text(annotation)
        return read_brat_relations(tmp_path, "made", symmetric=["WITH"])

    return reader


def test_relations_join_mentions_and_an_event_is_its_trigger(read):
    corpus = read("R1\tCAUSE Arg1:T1 Arg2:E1\t\n" + MENTIONS + EVENTS + "R2\tWITH Arg1:E2 Arg2:T2\n*\tOVERLAP E1 E2\n")
    (document,) = corpus.documents
    assert [(e.start, e.end, e.label, e.text) for e in document.entities] == [
        (0, 7, "Drug", "Aspirin"),
        (15, 21, "Symptom", "nausea"),
        (26, 34, "Symptom", "vomiting"),
    ]
    assert document.relations == (Relation("CAUSE", 0, 1), Relation("WITH", 2, 1))
    assert corpus.symmetric == {"WITH"} and corpus.left_out == {ASIDE["*"]: 1, ROLES: 1}


def test_roles_may_have_any_names_and_arg1_is_the_head_wherever_it_stands(read):
    lines = "R1\tCAUSE Agent:T1 Effect:T2\nR2\tCAUSE Arg2:T3 Arg1:T1\nR3\tWITH Subject:E2  Object:T2\n"
    assert read(MENTIONS + EVENTS + lines).documents[0].relations == (
        Relation("CAUSE", 0, 1),
        Relation("CAUSE", 0, 2),
        Relation("WITH", 2, 1),
    )


def test_a_discontinuous_mention_is_the_range_around_its_parts_and_repeats_are_dropped_and_both_counted(read):
    corpus = read("T1\tX 0 4;15 18\tleft arm\nR1\tA Arg1:T1 Arg2:T1\nR2\tA Arg1:T1 Arg2:T1\n", "left and right arm")
    assert corpus.documents[0].entities[0].text == "left and right arm"
    assert corpus.left_out == {DISCONTINUOUS: 1, REPEATED: 1}


def test_what_is_dropped_is_what_the_reader_of_mentions_drops(read, tmp_path):
    (tmp_path / "README.txt").write_text("About.")
    assert read(MENTIONS).dropped == read_brat(tmp_path, "made").dropped == (Dropped("made", "README", NOT_ANNOTATED),)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("R1\tCAUSE Arg1:T1 Arg2:T9\n", 'line 4: "CAUSE" names T9, which is not in the file'),
        ("E1\tSymptom:T9\n", 'line 4: "E1" names T9, which is not in the file'),
        ("E1\tSymptom\n", "line 4: cannot be read; expected id, tab, type and trigger (E1<TAB>Finding:T1)"),
        (
            "R1\tCAUSE T1 T2\n",
            "line 4: cannot be read; expected id, tab, type and two arguments with their roles (R1<TAB>CAUSE Arg1:T1 "
            "Arg2:T2)",
        ),
        (
            "R1\tCAUSE A:T1 B:T2 C:T3\n",
            "line 4: cannot be read; expected id, tab, type and two arguments with their roles (R1<TAB>CAUSE Arg1:T1 "
            "Arg2:T2)",
        ),
    ],
)
def test_faulty_lines_are_named_with_what_is_wrong(read, tmp_path, line, sentence):
    with pytest.raises(InputError) as caught:
        read(MENTIONS + line)
    assert str(caught.value) == f"{tmp_path / 'd.ann'}, {sentence}"


def test_the_real_corpus_has_all_its_relations_between_its_mentions(corpora):
    corpus = read_brat_relations(corpora / "maccrobat", "maccrobat")
    check_documents(corpus.documents, "maccrobat")
    assert sum(relation_counts(corpus.documents).values()) + corpus.left_out[REPEATED] == 16_307
    assert corpus.left_out == {
        REPEATED: 7,
        DISCONTINUOUS: 39,  # 5 more are parted by a line break alone
        ASIDE["A"]: 1416,
        ASIDE["*"]: 2023,
    }
    assert relation_counts(corpus.documents)["CAUSE"] == 149
