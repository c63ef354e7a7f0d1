import random
import re
from collections import Counter

import pytest

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.files import write_json
from medtune.studies.radgraph.generator import GROUP_OF, HELD_OUT, LEARNT, make_corpus, plain_text
from medtune.studies.radgraph.generator import sentence as write_sentence
from medtune.studies.radgraph.reports import LABELS, agreement_counts, corpus_of, cut, read_radgraph
from medtune.studies.radgraph.word_material import material as material_of
from tests.reports import make_reports

NEGATION = re.compile(r"\b(no|without|absence|negative)\b", re.IGNORECASE)
DOUBT = re.compile(
    r"\b(possible|may be|may represent|suggest|suggesting|cannot|concerning|questionable|suspected)\b", re.IGNORECASE
)


@pytest.fixture(scope="module")
def reports():
    return corpus_of(make_reports(350, seed=1), "made").reports


@pytest.fixture(scope="module")
def sentences(reports):
    return [sentence for report in reports for sentence in cut(report).sentences]


def test_the_reader_accepts_what_is_made_and_no_entity_crosses_a_sentence(tmp_path):
    corpora = {}
    for part, reports in make_corpus({"train": 20, "dev": 5, "test": 8}, seed=2).items():
        write_json(tmp_path / part, reports)
        corpora[part] = read_radgraph(tmp_path / part)
    assert {part: len(corpus.reports) for part, corpus in corpora.items()} == {"train": 20, "dev": 5, "test": 8}
    assert [len(corpus.second) for corpus in corpora.values()] == [0, 0, 8]
    assert corpora["dev"].reports[0].split == "dev"
    assert all(cut(report).outside == () for corpus in corpora.values() for report in corpus.reports)


def test_reports_have_sections_lists_and_sentences_without_entities(reports, sentences):
    assert sum("IMPRESSION :" in report.text for report in reports) > 250
    assert sum(" 2 . " in report.text for report in reports) > 100
    assert any("a.m ." in report.text for report in reports) and any("Dr ." in report.text for report in reports)
    assert all(cut(report).headings >= 1 for report in reports)
    assert 0.2 < sum(not sentence.entities for sentence in sentences) / len(sentences) < 0.45


def test_sentences_are_short_and_end_where_they_were_made_to_end(sentences):
    assert len(sentences) > 2500
    assert all(sentence.text.endswith(" .") and len(sentence.text.split()) <= 18 for sentence in sentences)
    assert all(sentence.text[0].isupper() or sentence.text[0] == "_" for sentence in sentences)


def test_each_type_is_there_often_enough_to_be_learned_and_the_rare_ones_are_rarer(sentences):
    counts = Counter(label for sentence in sentences for label in {entity.label for entity in sentence.entities})
    assert min(counts["OBS-DA"], counts["OBS-U"]) > 400
    assert min(counts["ANAT-DP"], counts["OBS-DP"]) > 1.5 * max(counts["OBS-DA"], counts["OBS-U"])


def test_the_words_of_a_sentence_decide_what_is_absent_or_uncertain(sentences):
    for sentence in sentences:
        labels = {entity.label for entity in sentence.entities}
        if sentence.entities:
            assert ("OBS-DA" in labels) == bool(NEGATION.search(sentence.text)), sentence.text
            assert ("OBS-U" in labels) == bool(DOUBT.search(sentence.text)), sentence.text


def test_the_same_observation_is_present_absent_and_uncertain(sentences):
    labels = {}
    for sentence in sentences:
        for entity in sentence.entities:
            labels.setdefault(entity.text.lower(), Counter())[entity.label] += 1
    assert all(labels["effusion"][label] >= 5 for label in ("OBS-DP", "OBS-DA", "OBS-U"))
    assert sum(len(counts) >= 3 for counts in labels.values()) >= 30
    assert not any(counts["ANAT-DP"] and len(counts) > 1 for counts in labels.values())


def texts_of(made):
    """3000 sentences of a material."""
    rng = random.Random(0)
    return [" ".join(write_sentence(rng, made)[0]) for _ in range(3000)]


def test_no_sentence_template_or_pair_of_terms_of_held_out_reports_is_in_those_to_learn_from():
    read, kept = (material_of(texts_of(made), GROUP_OF) for made in (LEARNT, HELD_OUT))
    assert len(kept["sentences"]) > 800 and len(kept["templates"]) > 40 and len(kept["term_pairs"]) > 400
    for kind in kept:
        assert not kept[kind] & read[kind], kind


def test_there_are_multi_word_and_repeated_mentions_and_mixed_sentences(sentences):
    texts = [[entity.text.lower() for entity in sentence.entities] for sentence in sentences]
    assert sum(" " in text for found in texts for text in found) > 500
    assert sum(len(set(found)) < len(found) for found in texts) > 20
    mixed = [{entity.label for entity in sentence.entities} - {"ANAT-DP"} for sentence in sentences]
    assert {frozenset(labels) for labels in mixed if len(labels) > 1} >= {
        frozenset({"OBS-DP", "OBS-U"}),
        frozenset({"OBS-DP", "OBS-DA"}),
    }


def test_every_kind_of_relation_is_there_and_points_within_its_sentence(reports):
    kinds = Counter()
    for report in reports:
        for sentence in cut(report).sentences:
            here = {entity.id: entity.label for entity in sentence.entities}
            for entity in sentence.entities:
                for kind, target in entity.relations:
                    kinds[kind] += 1
                    assert (here[target] == "ANAT-DP") == (kind == "located_at")
                    assert kind != "suggestive_of" or here[target] == "OBS-U"
    assert set(kinds) == {"modify", "located_at", "suggestive_of"} and min(kinds.values()) > 50


def test_grammar_of_articles_and_verbs(sentences):
    texts = " ".join(sentence.text for sentence in sentences)
    assert not re.search(r"\b(a [aeiou]|an [^aeiou]|may is)|\{|\?", texts)


def test_two_readers_differ_a_little():
    corpus = corpus_of(make_reports(60, seed=3, part="test", read_twice=True), "made")
    both, second, first = (sum(column) for column in zip(*agreement_counts(corpus), strict=True))
    assert 0.94 < 2 * both / (2 * both + first + second) < 1


def test_no_text_stands_twice_and_a_part_does_not_depend_on_those_after_it():
    corpus = make_corpus({"train": 60, "dev": 10, "test": 10, "new": 40}, seed=4)
    texts = [normalise(report["text"]) for part in corpus.values() for report in part.values()]
    assert len(set(texts)) == 120
    assert make_corpus({"train": 60, "dev": 10}, seed=4)["dev"] == corpus["dev"]
    assert make_reports(60, seed=4) == corpus["train"] != make_reports(60, seed=5)


def test_asking_for_more_than_there_are_is_refused(monkeypatch):
    monkeypatch.setattr("medtune.studies.radgraph.generator._report", lambda rng, material: ("Clear .", {}))
    with pytest.raises(InputError, match="cannot make 2 different ones for dev"):
        make_reports(2, seed=0, part="dev")


def test_plain_text_has_the_words_of_the_reports_and_no_annotation(sentences):
    texts = plain_text(1500, seed=6)
    assert texts == plain_text(1500, seed=6) != plain_text(1500, seed=7)
    joined = " ".join(texts)
    assert not any(label in joined for label in LABELS) and "{" not in joined and "[" not in joined
    known = set(normalise(joined).split())
    words = {word for sentence in sentences if sentence.entities for word in normalise(sentence.text).split()}
    assert len({word for word in words - known if word.isalpha()}) <= 3
