import re

import pytest

from medtune.data.annotated import label_counts, shapes
from medtune.data.brat import parse_brat, read_brat
from medtune.data.deduplication import normalise
from medtune.data.held_out import sentences_of, templates_of, terms_of
from medtune.studies.maccrobat import generator
from medtune.studies.maccrobat.generator import (
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    make_case_reports,
    split_of,
    surfaces,
    write_case_reports,
)
from medtune.studies.pretraining_texts import pretraining_texts

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


def test_the_written_folders_are_read_like_any_other(tmp_path):
    write_case_reports(tmp_path, {TRAIN: 3, TEST: 2}, 42)
    found = read_brat(tmp_path, "made").documents
    assert [document.id for document in found] == [f"test/made-{n:04d}" for n in (1, 2)] + [
        f"train/made-{n:04d}" for n in (1, 2, 3)
    ]
    assert [document.text for document in found] == [
        report.text for split, count in ((TEST, 2), (TRAIN, 3)) for report in make_case_reports(count, 42, split)
    ]


def test_every_frame_has_a_template_in_every_split():
    frames = [frame for paragraph in generator.PARAGRAPHS for group, _, _ in paragraph for frame in group]
    for frame in (*frames, *generator.RARE):
        for split in SPLITS:
            assert generator.templates_of(frame, split)


def test_a_template_is_of_one_split_whatever_the_order_of_two_types():
    first = "the chart mentioned [Medication|{drug}] and [Therapeutic_procedure|{operation}] ."
    second = "the chart mentioned [Therapeutic_procedure|{operation}] and [Medication|{drug}] ."
    assert split_of(first) == split_of(second)


def test_held_out_reports_share_no_template_sentence_or_term_of_their_own_with_what_was_read():
    """Looked for in the texts, not in what the generator declares."""
    terms = set().union(*map(surfaces, SPLITS))
    own = terms - surfaces(TRAIN)
    read = [report.text for report in make_case_reports(300, 42)] + pretraining_texts(0) + pretraining_texts(1)
    assert not terms_of(read, own)
    for split in (VALIDATION, TEST):
        held_out = [report.text for report in make_case_reports(60, 42, split)]
        assert not sentences_of(held_out) & sentences_of(read)
        assert not templates_of(held_out, terms) & templates_of(read, terms)
        assert len(terms_of(held_out, own)) > 40 and terms_of(held_out, surfaces(TRAIN))


def test_each_rare_type_stands_in_validation_and_in_test():
    for split in (VALIDATION, TEST):
        assert set(label_counts([read(report)[0] for report in make_case_reports(12, 42, split)])) >= RARE
