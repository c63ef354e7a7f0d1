"""Rules for spans: the dictionary of training mentions."""

from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.config.rules import SpanRules
from medtune.errors import InputError
from medtune.kinds.spans.task import SpanTask
from medtune.methods.rules.context import Cues
from medtune.methods.rules.dictionary import LAPLACE, Entry, Prior, Tally, fit_dictionary
from medtune.methods.rules.fitting import fit
from medtune.methods.rules.spans import DictionarySpans, asserted_label

TASK = SpanTask("notes", "Text: {text}\n", ("Drug", "Sign", "Absent", "Unsure"))


def example(identifier, text, *mentions, **more):
    """mentions: (words, type), each at its first place after the one before it."""
    entities, reached = [], 0
    for words, label in mentions:
        start = text.index(words, reached)
        reached = start + 1
        entities.append({"start": start, "end": start + len(words), "type": label, "text": words})
    return {"id": identifier, "text": text, "entities": entities, **more}


def found_in(text, *train, **options):
    found = fit("spans", TASK, train, options).answer([{"id": "x", "text": text}])[0]
    return [(entity["text"], entity["type"]) for entity in found.fields["entities"]]


def test_the_longest_mention_at_a_place_is_found():
    train = [
        *(example(f"a{n}", "chest pain", ("chest pain", "Sign")) for n in range(3)),
        *(example(f"b{n}", "pain in the chest", ("pain", "Sign"), ("chest", "Drug")) for n in range(3)),
    ]
    found = [("Chest pain", "Sign"), ("pain", "Sign"), ("chest", "Drug")]
    assert found_in("Chest pain, then pain and chest.", *train) == found


def test_mentions_are_found_at_word_borders_alone_whatever_their_case_and_white_space():
    train = [example("a", "art and Vitamin  B", ("art", "Drug"), ("Vitamin  B", "Drug"))]
    text = "heart ART, vitamin\nb; vitamin B12 artful"
    assert found_in(text, *train) == [("ART", "Drug"), ("vitamin\nb", "Drug")]


def test_a_mention_has_its_most_frequent_type():
    labels = ["Sign", "Sign", "Drug", "Sign", "Sign"]
    train = [example(str(n), "cold", ("cold", label)) for n, label in enumerate(labels)]
    assert found_in("A cold.", *train) == [("cold", "Sign")]
    tie = fit_dictionary([example("a", "cold cold", ("cold", "Sign"), ("cold", "Drug"))])
    assert (tie.entries, fit_dictionary([]).entries) == ({("cold",): Entry("Drug", 0.5)}, {})


def test_what_is_mostly_not_annotated_is_left_out():
    often = [example(str(n), "the patient and gout", ("gout", "Sign")) for n in range(6)]
    once = example("once", "the patient and gout", ("the", "Sign"), ("gout", "Sign"))
    assert found_in("the gout", *often, once) == [("gout", "Sign")]


def test_the_threshold_lets_in_what_gains_more_than_it_costs():
    """An entry that is right one time in three is worth it where nothing else is found: strict F1 over half of it."""
    rows = [example(str(n), f"pain {n} here", *([("pain", "Sign")] if n % 3 == 0 else [])) for n in range(30)]
    dictionary = fit_dictionary(rows)
    assert dictionary.record["precision_threshold"] < 0.5
    assert dictionary.find("pain")[0].entry.precision == pytest.approx(1 / 3, abs=0.05)


def test_a_document_says_nothing_of_its_own_mentions():
    """Mentions that are in one document each are never right elsewhere, so their precision cannot be high."""
    rows = [example(str(n), f"word{n} seen in shared", (f"word{n}", "Sign"), ("shared", "Drug")) for n in range(8)]
    rows += [example(f"other {n}", f"word{n} is no sign") for n in range(8)]
    dictionary = fit_dictionary(rows)
    assert dictionary.record["prior_precision"] == pytest.approx((8 + 1) / (8 + 8 + 2))
    assert dictionary.entries["shared",].precision > 0.8
    assert ("word1",) not in dictionary.entries


def test_texts_of_one_group_say_nothing_of_each_other():
    def prior(**more):
        return fit_dictionary([example(str(n), "gout", ("gout", "Sign"), **more) for n in range(5)]).record

    assert prior()["prior_precision"] == pytest.approx(6 / 7)
    alone = prior(group="patient")
    assert (alone["prior_precision"], alone["precision_threshold"]) == (LAPLACE.mean, 0.5)


def test_precision_is_shrunk_towards_that_of_all_mentions():
    assert Prior(0.25, 4).precision(Tally("Sign", 3, 4)) == (3 + 1) / (4 + 4)
    assert LAPLACE.precision(Tally("Sign", 1, 1)) == pytest.approx(2 / 3)


def test_an_entity_has_the_precision_of_its_entry_and_the_answer_the_least():
    entries = {("gout",): Entry("Sign", 0.9), ("aspirin",): Entry("Drug", 0.6)}
    rules = DictionarySpans(type(fit_dictionary([]))(entries))
    some, none = rules.answer([{"id": "a", "text": "Aspirin for gout"}, {"id": "b", "text": "Nothing"}])
    assert (some.parts, some.confidence) == ([0.6, 0.9], 0.6)
    assert (none.fields, none.parts, none.confidence) == ({"entities": []}, [], None)


def test_mentions_within_words_and_texts_without_mentions_are_no_fault():
    within = example("a", "hypothyroidism", ("thyroid", "Sign"))
    assert found_in("thyroid hypothyroidism", within, example("b", "nothing")) == []


class Stub:
    """Cues by the mention's words."""

    versions: ClassVar = {"medspacy": "1.3.1"}

    def cues(self, text, mentions):
        return [
            Cues("no " in text[max(0, start - 3) : start], "? " in text[max(0, start - 2) : start])
            for start, _ in mentions
        ]


ASSERTIONS = {"assertions": {"Sign": {"negated": "Absent", "uncertain": "Unsure"}}}


def test_cues_decide_between_the_types_of_an_assertion(monkeypatch):
    monkeypatch.setattr("medtune.methods.rules.context.ConText", Stub)
    train = [
        example("a", "gout", ("gout", "Sign")),
        example("b", "no gout", ("gout", "Absent")),
        example("c", "no gout", ("gout", "Absent")),
        example("d", "aspirin for gout", ("aspirin", "Drug"), ("gout", "Unsure")),
    ]
    text = "gout, no gout, ? gout, no aspirin"
    assert fit("spans", TASK, train, ASSERTIONS).record["context"] == Stub.versions
    found = [("gout", "Sign"), ("gout", "Absent"), ("gout", "Unsure"), ("aspirin", "Drug")]
    assert found_in(text, *train, **ASSERTIONS) == found
    # Without cues the most frequent type is that of all.
    assert found_in("gout, no gout", *train) == [("gout", "Absent")] * 2


@pytest.mark.parametrize(
    "negated, uncertain, label",
    [(False, False, "Sign"), (True, False, "Absent"), (False, True, "Unsure"), (True, True, "Absent")],
)
def test_a_negated_mention_is_negated_however_unsure(negated, uncertain, label):
    types = SpanRules(**ASSERTIONS).assertions["Sign"]
    assert asserted_label("Sign", types, negated, uncertain) == label


def test_a_cue_for_which_there_is_no_type_changes_nothing():
    types = SpanRules(assertions={"Sign": {"negated": "Absent"}}).assertions["Sign"]
    assert asserted_label("Sign", types, False, True) == "Sign"


def test_assertions_name_types_of_the_study_each_once():
    with pytest.raises(InputError, match='notes: assertions name the entity type "Gone"; expected one of Drug, Sign'):
        found_in("x", example("a", "x"), assertions={"Sign": {"negated": "Gone"}})
    for types in ({"Sign": {"negated": "Sign"}}, {"Sign": {}}, {"A": {"negated": "C"}, "B": {"negated": "C"}}):
        with pytest.raises(ValueError, match=r"must (not )?name"):
            SpanRules(assertions=types)


texts = st.lists(st.sampled_from(["gout", "no", "Aspirin", "chest", "pain", "ß", "İ", "5", "mg", ".", "\n", "  ", "-"]))


@st.composite
def annotated(draw, identifier="t"):
    text = " ".join(draw(texts)) or "x"
    entities = set()
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text) - 1))
        entities.add((start, draw(st.integers(start + 1, len(text))), draw(st.sampled_from(TASK.types.names))))
    found = [{"start": s, "end": e, "type": label, "text": text[s:e]} for s, e, label in sorted(entities)]
    return {"id": identifier, "text": text, "entities": found}


@settings(max_examples=60, deadline=None)
@given(st.lists(annotated(), min_size=1, max_size=4), texts)
def test_entities_are_in_the_text_at_word_borders_and_do_not_overlap(train, words):
    train = [{**row, "id": str(number)} for number, row in enumerate(train)]
    text = " ".join(words)
    rules = fit("spans", TASK, train, {})
    found = rules.answer([{"id": "x", "text": text}])[0]
    reached = 0
    for entity, part in zip(found.fields["entities"], found.parts, strict=True):
        assert reached <= entity["start"] < entity["end"] <= len(text)
        assert entity["text"] == text[entity["start"] : entity["end"]]
        assert not (text[entity["start"] - 1 : entity["start"]] + text[entity["start"]]).isalnum() or not reached
        assert 0 < part < 1
        reached = entity["end"]
    assert rules.answer([{"id": "x", "text": text}]) == [found]
    assert fit("spans", TASK, train, {}).answer([{"id": "x", "text": text}]) == [found]
