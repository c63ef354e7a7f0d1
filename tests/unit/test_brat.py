import logging

import pytest

from medtune.data.annotated import Mention
from medtune.data.brat import EMPTY, NOT_ANNOTATED, parse_brat, read_brat
from medtune.data.dropped import Dropped
from medtune.errors import InputError
from tests.conftest import ROOT

TEXT = "A man had palpitations.\nHe is well.\n"
ANNOTATION = "T1\tSex 2 5\tman\nT2\tSign_symptom 10 22\tpalpitations\n"


def folder(tmp_path, **files):
    """A folder with {stem}_{suffix}=content files; text is written as it stands, without changed line ends."""
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        (tmp_path / f"{stem}.{suffix}").write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def read(path):
    return read_brat(path, "maccrobat")


def only(path):
    (document,) = read(path).documents
    return document


def refusal(path):
    with pytest.raises(InputError) as caught:
        read(path)
    return str(caught.value).replace(str(path), "F")


def test_a_document_has_the_text_and_its_mentions(tmp_path):
    document = only(folder(tmp_path, a15939911_txt=TEXT, a15939911_ann=ANNOTATION))
    assert (document.id, document.text, document.pmid) == ("a15939911", TEXT, "15939911")
    assert document.mentions == (Mention(((2, 5),), "Sex", "T1"), Mention(((10, 22),), "Sign_symptom", "T2"))


def test_a_discontinuous_mention_has_its_parts(tmp_path):
    document = only(folder(tmp_path, d_txt="left and right arm", d_ann="T1\tPlace 0 4;15 18\tleft arm\n"))
    assert document.mentions == (Mention(((0, 4), (15, 18)), "Place", "T1"),)
    assert document.mentions[0].discontinuous


def test_other_kinds_of_lines_are_counted_and_left_alone(tmp_path):
    others = "E1\tSex:T1 \nR1\tMODIFY Arg1:T1 Arg2:E1\t\nA1\tPOLARITY E1 NEG\nM1\tX T1\nN1\tR T1 U:1\tman\n"
    notes = "#1\tAnnotatorNotes T1\tsure?\n#\tR T1\tx\n*\tOVERLAP E1 E1\n\n"
    corpus = read(folder(tmp_path, d_txt=TEXT, d_ann=ANNOTATION + others + notes))
    assert corpus.lines == {"T": 2, "E": 1, "R": 1, "A": 1, "M": 1, "N": 1, "#": 2, "*": 1}
    assert len(corpus.documents[0].mentions) == 2


def test_unknown_kinds_are_counted_and_said_and_the_rest_is_read(tmp_path, caplog):
    unknown = "Title: a case\nseen by two readers\n"
    with caplog.at_level(logging.WARNING):
        corpus = read(folder(tmp_path, d_txt=TEXT, d_ann=unknown + ANNOTATION))
    assert corpus.lines == {"unknown": 2, "T": 2}
    assert len(corpus.documents[0].mentions) == 2
    assert caplog.text.count("line 1: no annotation, left alone") == 1


def test_a_comment_after_the_surface_is_left_alone(tmp_path):
    assert only(folder(tmp_path, d_txt=TEXT, d_ann="T1\tSex 2 5\tman\t \n")).mentions[0].label == "Sex"


def test_line_ends_of_two_characters_count_as_two(tmp_path):
    text = TEXT.replace("\n", "\r\n")
    document = only(folder(tmp_path, d_txt=text, d_ann="T1\tSex 25 27\tHe\r\nT2\tSex 2 5\tman\r\n"))
    assert document.text == text
    assert [text[m.start : m.end] for m in document.mentions] == ["He", "man"]


def test_line_ends_that_were_changed_after_annotation_count_as_one(tmp_path):
    document = only(folder(tmp_path, d_txt=TEXT.replace("\n", "\r\n"), d_ann="T1\tSex 24 26\tHe\r\n"))
    assert document.text[slice(*document.mentions[0].fragments[0])] == "He"


def test_a_byte_order_mark_may_count_or_not(tmp_path):
    counted = folder(tmp_path, a_txt="\ufeff" + TEXT, a_ann="T1\tSex 3 6\tman\n")
    not_counted = folder(counted, b_txt="\ufeff" + TEXT, b_ann="\ufeffT1\tSex 2 5\tman\n")
    for document in read(not_counted).documents:
        assert document.text[slice(*document.mentions[0].fragments[0])] == "man"


def test_offsets_count_code_points_also_after_characters_outside_the_basic_plane(tmp_path):
    text = "𝛽-blocker 😀 given to a man"
    start = text.index("man")
    document = only(folder(tmp_path, d_txt=text, d_ann=f"T1\tSex {start} {start + 3}\tman\n"))
    assert document.text[start : start + 3] == "man"
    in_utf16 = start + 2
    path = folder(tmp_path, d_txt=text + " .", d_ann=f"T1\tSex {in_utf16} {in_utf16 + 3}\tman\n")
    found = f'F/d.ann, line 1: T1 is "man", but at {in_utf16} to {in_utf16 + 3} the text has "n ."'
    assert refusal(path) == f"{found}; offsets must count code points"


def test_a_line_break_within_a_mention_is_a_space_in_its_surface(tmp_path):
    assert only(folder(tmp_path, d_txt="left\narm", d_ann="T1\tPlace 0 8\tleft arm\n")).mentions[0].end == 8


def test_a_document_without_entities_is_kept(tmp_path):
    assert only(folder(tmp_path, d_txt=TEXT, d_ann="")).mentions == ()


def test_an_empty_document_is_dropped_and_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        corpus = read(folder(tmp_path, a_txt=TEXT, a_ann=ANNOTATION, b_txt=" \n", b_ann=""))
    assert [document.id for document in corpus.documents] == ["a"]
    assert corpus.dropped == (Dropped("maccrobat", "b", EMPTY),)
    assert corpus.records == 2
    assert "b.txt: left out, since it holds no text" in caplog.text


def test_a_text_without_annotation_file_is_dropped_and_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        corpus = read(folder(tmp_path, a_txt=TEXT, a_ann=ANNOTATION, README_txt="About this corpus"))
    assert corpus.dropped == (Dropped("maccrobat", "README", NOT_ANNOTATED),)
    assert "README.txt: left out, since there is no README.ann beside it" in caplog.text


def test_folders_in_the_folder_are_read_and_hidden_files_are_not(tmp_path):
    for name in ("2018", "2020", ".git"):
        (tmp_path / name).mkdir()
        folder(tmp_path / name, d15939911_txt=TEXT, d15939911_ann=ANNOTATION)
    assert [document.id for document in read(tmp_path).documents] == ["2018/d15939911", "2020/d15939911"]


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        ("T1\tSex 2 99\tman\n", "F/d.ann, line 1: T1 ends at 99, past the end of the text, which has 36 characters"),
        ("\nT1\tSex 3 6\tman\n", 'F/d.ann, line 2: T1 is "man", but at 3 to 6 the text has "an "'),
        ("T1\tSex 5 2\tman\n", "F/d.ann, line 1: the span 5 2 is empty; expected a start before the end"),
        ("T1\tSex 2 2\tman\n", "F/d.ann, line 1: the span 2 2 is empty; expected a start before the end"),
        (
            "T1\tSex 6 9;2 5\thad man\n",
            "F/d.ann, line 1: the parts 6 9;2 5 overlap or are out of order; expected them as in the text",
        ),
        (
            "T1\tSex 2\tman\n",
            "F/d.ann, line 1: cannot be read; expected id, tab, type and offsets, tab, text (T1<TAB>Age 8 10<TAB>28)",
        ),
        (ANNOTATION + "T2\tSex 2 5\tman\n", 'F/d.ann, line 3: the id "T2" is that of line 2, too'),
    ],
)
def test_faulty_lines_are_named_with_what_is_wrong(tmp_path, annotation, sentence):
    assert refusal(folder(tmp_path, d_txt=TEXT, d_ann=annotation)) == sentence


def test_an_annotation_without_its_text_is_named(tmp_path):
    path = folder(tmp_path, a_txt=TEXT, a_ann=ANNOTATION, b_ann=ANNOTATION)
    assert refusal(path) == "F/b.ann: there is no b.txt beside it; expected the annotated text"


def test_entities_of_an_empty_document_are_outside_its_text(tmp_path):
    assert "past the end of the text, which has 0 characters" in refusal(folder(tmp_path, d_txt="", d_ann=ANNOTATION))


def test_files_that_are_not_utf8_are_named_with_the_byte(tmp_path):
    assert refusal(folder(tmp_path, d_txt=b"A \xff", d_ann="")) == "F/d.txt: not UTF-8 text (byte 2)"


def test_a_folder_that_is_missing_or_without_documents_is_refused(tmp_path):
    assert refusal(tmp_path) == (
        "F: holds no annotated document; expected .txt files with .ann files of the same names"
    )
    assert refusal(tmp_path / "none") == "F: no such folder; expected one with .txt and .ann files"


def test_the_real_corpus_has_unique_ids_and_offsets_that_slice_to_the_surface(corpora):
    path = corpora / "maccrobat"
    corpus = read(path)
    assert len({document.id for document in corpus.documents}) == len(corpus.documents) == 200
    assert all(document.pmid == document.id for document in corpus.documents)
    assert corpus.lines == {"T": 25189, "E": 14368, "R": 16307, "A": 1416, "*": 2023, "#": 335}
    for document in corpus.documents:
        lines = (path / f"{document.id}.ann").read_text(encoding="utf-8").split("\n")
        surfaces = {line.split("\t")[0]: line.split("\t")[2] for line in lines if line.startswith("T")}
        assert len({mention.key for mention in document.mentions}) == len(document.mentions) == len(surfaces)
        for mention in document.mentions:
            there = " ".join(document.text[start:end] for start, end in mention.fragments)
            assert there.split() == surfaces[mention.key].split()


@pytest.mark.parametrize(
    "line",
    [
        *["X1\tSex 2 5\tman", "T\tSex 2 5\tman", "Sex 2 5 man", "T1x Sex two man", "12 Sex 2 5 man"],
        *["T3", "E1", "A1", "*", "T3,Sex,2,5,man", "T3:Sex", "R CAUSE Arg1:T1 Arg2:T2", "CAUSE Arg1:T1"],
    ],
)
def test_a_line_that_looks_like_gold_and_cannot_be_read_is_refused(tmp_path, line):
    message = refusal(folder(tmp_path, d_txt=TEXT, d_ann=f"{ANNOTATION}{line}\n"))
    assert message.startswith("F/d.ann, line 3: ")
    assert "cannot be read; expected id, tab, type and offsets" in message


def test_spaces_in_the_place_of_tabs_are_read():
    text = "A 54-year-old man had fever for two days and took amoxicillin."
    spaced = "T1 Age 2 13 54-year-old\nT2  Sign_symptom 22 27   fever\nT3\tMedication 50 61 amoxicillin\n"
    spaced += "R1 CAUSE Arg1:T2 Arg2:T3\n"
    document, kinds = parse_brat("d", text, spaced, "d.ann")
    assert [(m.key, m.label, text[m.start : m.end]) for m in document.mentions] == [
        ("T1", "Age", "54-year-old"),
        ("T2", "Sign_symptom", "fever"),
        ("T3", "Medication", "amoxicillin"),
    ]
    assert kinds == {"T": 3, "R": 1}


def test_spaces_in_the_place_of_tabs_do_not_excuse_a_surface_that_is_not_the_texts(tmp_path):
    assert "the text has" in refusal(folder(tmp_path, d_txt=TEXT, d_ann="T1 Sex 2 5 xyz\n"))


@pytest.mark.parametrize(("gap", "fragments"), [("\n", 1), (" \r\n   ", 1), (" and ", 2), (", ", 2)])
def test_fragments_with_white_space_alone_between_them_are_one_span(gap, fragments):
    text = f"left{gap}arm pain"
    second = 4 + len(gap)
    line = f"T1\tBiological_structure 0 4;{second} {second + 3}\tleft arm\n"
    (mention,) = parse_brat("d", text, line, "d.ann")[0].mentions
    assert (len(mention.fragments), mention.start, mention.end) == (fragments, 0, second + 3)


def test_ids_with_more_than_a_letter_and_a_number():
    document, kinds = parse_brat("d", "fever", "T1.2\tSign 0 5\tfever\nT-3\tSign 0 5\tfever\n", "d.ann")
    assert ([mention.key for mention in document.mentions], kinds) == (["T1.2", "T-3"], {"T": 2})


def test_a_file_name_that_is_no_text_is_shown_and_refused(tmp_path):
    path = folder(tmp_path, d_txt=TEXT, d_ann=ANNOTATION)
    (path / "a\nb.txt").write_text(TEXT)
    assert (
        refusal(path)
        == r'"F/a\nb.txt": control characters or bytes that are not UTF-8 in the name of a file; rename it'
    )


def test_shared_cases_lose_no_mention():
    cases = ROOT.parent / "shared" / "cases"
    if not cases.is_dir():
        pytest.skip("the shared cases are not here (expected in ../shared/cases)")
    spans = {}
    for name in ("10_brat_spaces_for_tabs", "13_brat_fragment_with_indent", "B0_brat_corpus", "F0_brat_wrapped_lines"):
        corpus = read_brat(cases / name, "case")
        mentions = [mention for document in corpus.documents for mention in document.mentions]
        lines = [
            line for path in (cases / name).glob("*.ann") for line in path.read_text().splitlines() if line[:1] == "T"
        ]
        assert len(mentions) == len(lines)
        spans[name] = (len(mentions), sum(mention.discontinuous for mention in mentions))
    assert spans["F0_brat_wrapped_lines"] == (224, 0)
    assert spans["10_brat_spaces_for_tabs"] == (3, 0)


@pytest.mark.parametrize("name", ["e.TXT", "e.Ann"])
def test_a_suffix_in_capitals_is_refused_and_not_passed_over(tmp_path, name):
    (folder(tmp_path, d_txt=TEXT, d_ann=ANNOTATION) / name).write_text(TEXT)
    suffix = name.lower().removeprefix("e")
    assert refusal(tmp_path) == f"F/{name}: rename it; expected the suffix {suffix} in small letters"


@pytest.mark.parametrize("line", ["A note without tab", "T cells were seen", "N = 12 patients"])
def test_prose_that_begins_as_an_annotation_is_refused_with_file_and_line(line):
    with pytest.raises(InputError, match=r"^d\.ann, line 2: ") as caught:
        parse_brat("d", "fever", f"T1\tSign 0 5\tfever\n{line}\n", "d.ann")
    assert line in str(caught.value)


def test_other_prose_is_counted_and_logged(caplog):
    document, kinds = parse_brat("d", "fever", "T1\tSign 0 5\tfever\nSeen by two readers\n# checked\n", "d.ann")
    assert len(document.mentions) == 1 and kinds == {"T": 1, "unknown": 1, "#": 1}
    assert "d.ann, line 2: no annotation, left alone" in caplog.text
