import json
import re
from collections import Counter
from itertools import combinations

import pytest

from medtune.data.deduplication import normalise
from medtune.data.related import check_documents, relation_counts
from medtune.data.relation_schema import STUDY_SCHEMA, check_schema
from medtune.errors import InputError
from medtune.studies.relations.generator import (
    NEGATIVE,
    POSITIVE,
    TERMS_OF_PASSAGE,
    UNSEEN,
    MadeDocument,
    Template,
    diversity_report,
    held_out_terms,
    make_splits,
    practice,
    shared_templates,
    split_of,
)
from medtune.studies.relations.wording import ANAPHORS, BACKGROUND, BESIDE, LEXICON, WORDING

COUNTS = {"train": 400, "validation": 60, "test": 80}


@pytest.fixture(scope="module")
def splits():
    return make_splits(COUNTS, seed=1)


@pytest.fixture(scope="module")
def made(splits):
    return [item for items in splits.values() for item in items]


def sentences_of(document):
    """The sentences of a document with its terms blanked, from text and offsets alone."""
    text = document.text
    for entity in sorted(document.entities, key=lambda entity: -entity.start):
        text = text[: entity.start] + "_" + text[entity.end :]
    return [sentence.rstrip(".") for sentence in text.split(". ")]


def test_documents_keep_the_contract_and_the_schema(splits, made):
    documents = [item.document for item in made]
    assert {split: len(items) for split, items in splits.items()} == COUNTS
    check_documents(documents, "made")
    check_schema(documents, STUDY_SCHEMA, "made")


def test_documents_have_one_to_four_sentences_that_begin_and_end_as_such(made):
    lengths = Counter()
    for item in made:
        sentences = re.split(r"(?<=\.) ", item.document.text)
        lengths[len(sentences)] += 1
        assert len(sentences) == len(item.templates)
        assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
    assert set(lengths) == {1, 2, 3, 4} and min(lengths.values()) > 20


def test_grammar_and_markup(made):
    text = " ".join(item.document.text for item in made)
    assert not re.search(r"[{}<>_]|\s\s| [,;.]|\b(a|an|the) (a|an|the)\b|\ba [aeiou]|\bboth (was|has)\b", text)
    assert not re.search(r"\b(did not|does not|will|can|might|could|were to) \w+(ed|s)\b", text)
    for item in made:
        assert not re.search(r"^_ and _ (was|is|has|\w+s) ", sentences_of(item.document)[0])


@pytest.mark.parametrize("split", COUNTS)
def test_relation_types_are_balanced_in_each_split(splits, split):
    counts = relation_counts(item.document for item in splits[split])
    assert set(counts) == {relation.name for relation in STUDY_SCHEMA.relations}
    assert max(counts.values()) - min(counts.values()) <= 4


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_the_asked_share_of_documents_has_no_relations(share):
    items = make_splits({"train": 50}, seed=2, without_relations=share)["train"]
    assert sum(not item.document.relations for item in items) == share * 50


def test_only_asserting_passages_give_relations(made):
    for item in made:
        forms = {template.form for template in item.templates}
        assert bool(item.document.relations) == bool(forms & set(POSITIVE))
    assert {template.form for item in made for template in item.templates} == {*POSITIVE, *NEGATIVE}


def test_denied_and_open_relations_use_the_verbs_of_asserted_ones(made):
    for relation, words in WORDING.items():
        verbs = [word for verb in words.verbs for word in verb]
        for form in ("active", "negated", "hypothetical"):
            found = [t.wording for item in made for t in item.templates if (t.relation, t.form) == (relation, form)]
            assert found and all(any(verb in wording for verb in verbs) for wording in found)


def test_unrelated_pairs_that_could_be_related_are_more_than_the_related_ones(splits):
    report = diversity_report(splits)["splits"]["train"]
    assert report["distractor_pairs"] > sum(report["relations"].values())


def test_no_template_sentence_is_in_two_splits(splits):
    assert shared_templates(splits) == {}
    by_split = {
        split: {sentence for item in items for sentence in sentences_of(item.document)}
        for split, items in splits.items()
    }
    for one, other in combinations(by_split.values(), 2):
        assert one and other and not one & other


def test_a_template_sentence_in_two_splits_is_found(splits):
    document = splits["train"][0].document
    twice = {
        split: [MadeDocument(document, (Template("_ helps _.", "treats", "active"),))] for split in ("train", "test")
    }
    assert shared_templates(twice) == {"_ helps _.": ("train", "test")}
    assert diversity_report(twice)["shared_templates"] == 1


def test_templates_are_shared_out_as_said():
    counts = Counter(split_of(f"_ helps _ {number}.") for number in range(4000))
    assert counts["train"] / 4000 == pytest.approx(0.7, abs=0.03)
    assert counts["validation"] / 4000 == pytest.approx(0.15, abs=0.03)


def test_no_text_and_within_a_document_no_term_stands_twice(made):
    assert len({normalise(item.document.text) for item in made}) == len(made)
    for item in made:
        terms = [entity.text.lower() for entity in item.document.entities]
        assert len(set(terms)) == len(terms)


def test_documents_are_the_same_for_the_same_seed_and_a_split_does_not_depend_on_those_after_it(splits):
    assert make_splits({"train": 400}, seed=1)["train"] == splits["train"]
    assert make_splits({"train": 5}, seed=1) != make_splits({"train": 5}, seed=2)


def test_the_diversity_report_counts_what_is_there(splits):
    report = json.loads(json.dumps(diversity_report(splits)))
    train = report["splits"]["train"]
    assert report["shared_templates"] == 0
    assert train["documents"] == 400 and train["documents_without_relations"] == 80
    assert train["sentences"] == sum(len(item.templates) for item in splits["train"])
    assert train["templates"] == len({t.wording for item in splits["train"] for t in item.templates})
    assert train["templates"] > 0.8 * train["sentences"]
    assert set(train["templates_by_type"]) == {*WORDING, "none"}
    assert all(set(POSITIVE) <= set(train["templates_by_type"][relation]) for relation in WORDING)
    assert [row["n"] for row in train["ngrams"]] == [1, 2, 3, 4]


def test_the_lexicon_is_closed_without_a_term_of_two_types_or_within_another():
    assert set(LEXICON) == set(STUDY_SCHEMA.entities) == set(ANAPHORS) == set(BACKGROUND) == set(BESIDE)
    terms = [term for found in LEXICON.values() for term in found]
    for one, other in combinations(terms, 2):
        assert not re.search(rf"\b{re.escape(one)}\b", other) and not re.search(rf"\b{re.escape(other)}\b", one)
    frames = json.dumps([words.nouns for words in WORDING.values()])
    assert not any(re.search(rf"\b{re.escape(term)}\b", frames) for term in terms)


def test_more_documents_than_there_are_texts_and_unknown_splits_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="unknown splits: dev"):
        make_splits({"dev": 2}, seed=1)
    monkeypatch.setattr("medtune.data.deduplication.normalise", lambda text: "same")
    with pytest.raises(InputError, match="cannot make 3 different documents"):
        make_splits({"train": 3}, seed=1)


def test_easier_documents_have_one_passage_and_few_terms():
    items = make_splits({"train": 150, "test": 200}, seed=1, passages=1, terms=5)
    documents = [item.document for made in items.values() for item in made]
    assert {len(item.templates) for made in items.values() for item in made} == {1, 2}
    check_documents(documents, "made")
    used = {(entity.label, entity.text.lower()) for document in documents for entity in document.entities}
    seen = {(label, term.lower()) for label, terms in LEXICON.items() for term in terms[:5]}
    held_out = {(label, term.lower()) for label, terms in LEXICON.items() for term in terms[-6:]}
    assert seen <= used <= seen | held_out and len(used & held_out) > 20
    assert not shared_templates(items)


def test_no_training_document_has_a_term_that_is_held_out_and_half_of_the_entities_of_the_others_are_such(splits):
    held_out = {term.lower() for term in held_out_terms()}
    shares = {
        split: [entity.text.lower() in held_out for item in items for entity in item.document.entities]
        for split, items in splits.items()
    }
    assert len(held_out) == 30 and not any(shares["train"])
    for split in ("validation", "test"):
        assert sum(shares[split]) / len(shares[split]) == pytest.approx(UNSEEN, abs=0.12)
    text = " ".join(item.document.text for item in splits["train"]).lower()
    assert not any(re.search(rf"\b{re.escape(term)}\b", text) for term in held_out)


def test_the_fewest_terms_are_enough_for_any_document():
    for passages in (1, 2, 3):
        make_splits({"train": 400}, seed=3, passages=passages, terms=TERMS_OF_PASSAGE * passages)


def test_practice_is_in_sentences_of_the_training_split():
    documents = practice(40, 1)
    assert documents == practice(40, 1) != practice(40, 2)
    wordings = {f"{sentence}." for document in documents for sentence in sentences_of(document)}
    assert {split_of(wording) for wording in wordings} == {"train"}
    assert not any(set("{}_<>") & set(document.text) for document in documents)
