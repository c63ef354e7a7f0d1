import re

import pytest

from medtune.data.annotated import label_counts, shapes
from medtune.data.brat import parse_brat, read_brat
from medtune.data.deduplication import normalise
from medtune.data.synthetic.maccrobat import make_case_reports, write_case_reports

RARE = {"Occupation", "Family_history", "Weight"}


def read(report):
    return parse_brat(report.name, report.text, report.annotation, report.name)


@pytest.fixture(scope="module")
def documents():
    return [read(report)[0] for report in make_case_reports(120, 42)]


def labels_of(documents, words):
    """The types that these words have as a mention."""
    return {
        mention.label
        for document in documents
        for mention in document.mentions
        if document.text[mention.start : mention.end].lower() == words
    }


def test_reports_are_the_same_for_the_same_seed_and_differ_for_another():
    first = list(make_case_reports(5, 1))
    assert first == list(make_case_reports(5, 1))
    assert first != list(make_case_reports(5, 2))


def test_no_text_comes_twice(documents):
    assert len({normalise(document.text) for document in documents}) == 120


def test_a_report_has_several_paragraphs_of_several_sentences(documents):
    for document in documents:
        paragraphs = document.text.splitlines()
        assert len(paragraphs) == 4
        assert all(paragraph.endswith(".") and not paragraph[0].islower() for paragraph in paragraphs)
        assert document.text.count(". ") >= 8


def test_the_markup_is_used_up(documents):
    assert not any(set("[]{}|#") & set(document.text) for document in documents)


def test_the_article_fits_the_word_that_follows(documents):
    texts = " ".join(document.text for document in documents)
    after_a = set(re.findall(r"\b[Aa] (\w+)", texts))
    after_an = set(re.findall(r"\b[Aa]n (\w+)", texts))
    assert {"irregular", "enhancing", "81", "8"} <= after_an
    assert not [word for word in after_a if re.match(r"[aeiou]|8\d?$|18$", word)]
    assert all(re.match(r"[aeiou]|8\d?$|18$", word) for word in after_an)


def test_there_are_many_types_and_the_rare_ones_are_rare(documents):
    counts = label_counts(documents)
    assert len(counts) >= 18
    assert min(counts[label] for label in set(counts) - RARE) >= 100
    assert all(0 < counts[label] < 20 for label in RARE)


def test_mentions_are_nested_discontinuous_and_of_two_types(documents):
    found = shapes(documents)
    assert found["nested"] > 50 and found["same_span"] > 50 and found["discontinuous"] > 10
    assert found["repeated"] == found["crossing"] == 0


@pytest.mark.parametrize(
    ("words", "types"),
    [
        ("potassium", {"Diagnostic_procedure", "Medication"}),
        ("discharge", {"Clinical_event", "Sign_symptom"}),
        ("3 weeks", {"Date", "Duration"}),
        ("drainage", {"Sign_symptom", "Therapeutic_procedure"}),
    ],
)
def test_the_type_of_some_words_comes_from_the_context(documents, words, types):
    assert labels_of(documents, words) == types


def test_events_have_their_lines_too():
    (report,) = make_case_reports(1, 3)
    _, lines = read(report)
    assert lines["T"] > lines["E"] > 0 and set(lines) == {"T", "E"}


def test_the_written_folder_is_read_like_any_other(tmp_path):
    write_case_reports(tmp_path, 3, 42)
    assert list(read_brat(tmp_path, "made").documents) == [read(report)[0] for report in make_case_reports(3, 42)]
