from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.deduplication import normalise
from medtune.studies.radgraph.negatives import LONGEST_JOINED, flips, gold_negatives, join, made_negatives, plan
from medtune.studies.radgraph.reports import LABELS, Entity, Sentence, corpus_of, cut
from tests.reports import make_reports

SETTINGS = {"base": 0.5, "exponent": 1.0, "least": 0.25, "most": 3.0}


def sentence(text, *entities, number=0):
    """A sentence; entities: (text, label)."""
    found = []
    for name, (words, label) in enumerate(entities):
        start = text.index(words)
        first = len(text[:start].split())
        found.append(Entity(str(name), label, first, first + len(words.split()) - 1, start, start + len(words), words))
    return Sentence("r", number, 0, text, tuple(found))


@pytest.fixture(scope="module")
def made_sentences():
    return [s for report in corpus_of(make_reports(350, seed=1), "made").reports for s in cut(report).sentences]


def test_the_most_frequent_type_gets_the_base_share_and_rarer_ones_more():
    assert plan({"ANAT-DP": 1000, "OBS-DP": 800, "OBS-DA": 200, "OBS-U": 10}, **SETTINGS) == {
        "ANAT-DP": 500,
        "OBS-DP": 500,
        "OBS-DA": 500,
        "OBS-U": 30,  # not 500: at most 3 per positive
    }
    assert plan({"a": 100, "b": 25}, base=0.5, exponent=0.5, least=0, most=9) == {"a": 50, "b": 25}
    assert plan({"a": 100, "b": 50}, base=0.1, exponent=0, least=0.2, most=9) == {"a": 20, "b": 10}
    assert plan({"a": 0, "b": 0}, **SETTINGS) == {"a": 0, "b": 0}
    with pytest.raises(ValueError, match="least 2 is above most 1"):
        plan({"a": 1}, base=1, exponent=1, least=2, most=1)


@given(st.dictionaries(st.sampled_from(LABELS), st.integers(1, 10_000), min_size=2), st.floats(0, 2))
def test_a_rarer_type_never_gets_fewer_negatives_per_positive(positives, exponent):
    wanted = plan(positives, base=0.5, exponent=exponent, least=0.1, most=4)
    ordered = sorted(positives, key=positives.get)
    for rare, frequent in pairwise(ordered):
        slack = 0.5 / positives[rare] + 0.5 / positives[frequent]
        assert wanted[rare] / positives[rare] >= wanted[frequent] / positives[frequent] - slack - 1e-9


def test_gold_negatives_are_distinct_and_never_positive_elsewhere():
    sentences = [
        sentence("No edema .", ("edema", "OBS-DA"), number=1),
        sentence("no  edema", ("edema", "OBS-DA"), number=2),
        sentence("Edema .", ("Edema", "OBS-DP"), number=3),
        sentence("Nodule .", number=4),  # not annotated here, but below
        sentence("Nodule .", ("Nodule", "OBS-DP"), number=5),
        sentence("Prior study .", number=6),
    ]
    found = gold_negatives(sentences, "OBS-DP", 10, seed=1)
    assert sorted(normalise(s.text) for s in found) == ["no edema", "prior study"]
    assert len(gold_negatives(sentences, "OBS-DP", 1, seed=1)) == 1


@pytest.mark.parametrize(
    "before, entities, after",
    [
        ("No effusion .", [("effusion", "OBS-DA")], [("Effusion .", {"OBS-DP"})]),
        (
            "No effusion or edema in the lung .",
            [("effusion", "OBS-DA"), ("edema", "OBS-DA"), ("lung", "ANAT-DP")],
            [("Effusion and edema in the lung .", {"OBS-DP", "ANAT-DP"})],
        ),
        (
            "There is a small effusion .",
            [("small", "OBS-DP"), ("effusion", "OBS-DP")],
            [("There is no small effusion .", {"OBS-DA"})],
        ),
        ("Edema is seen .", [("Edema", "OBS-DP")], [("No edema is seen .", {"OBS-DA"})]),
        (
            "Possible edema .",
            [("edema", "OBS-U")],
            [("Edema .", {"OBS-DP"}), ("No edema .", {"OBS-DA"})],
        ),
    ],
)
def test_a_flipped_cue_changes_the_labels_in_its_scope(before, entities, after):
    assert [(made.text, set(made.labels)) for made in flips(sentence(before, *entities))] == after


@pytest.mark.parametrize(
    "text, entities",
    [
        ("No effusion but edema .", [("effusion", "OBS-DA"), ("edema", "OBS-DP")]),  # two states
        ("There is edema without effusion .", [("edema", "OBS-DP"), ("effusion", "OBS-DA")]),
        ("Effusion has resolved .", [("Effusion", "OBS-DA")]),  # another cue
        ("No longer seen is edema .", [("edema", "OBS-DA")]),
        ("Normal lungs .", [("Normal", "OBS-DP"), ("lungs", "ANAT-DP")]),  # "no normal" is not "absent"
        ("The lungs are clear .", [("clear", "OBS-DP"), ("lungs", "ANAT-DP")]),
        ("Edema is seen and effusion is seen .", [("Edema", "OBS-DP"), ("effusion", "OBS-DP")]),  # two clauses
        ("Edema , effusion .", [("Edema", "OBS-DP"), ("effusion", "OBS-DP")]),
        ("Edema may be seen .", [("Edema", "OBS-U")]),
        ("Edema worsened by effusion .", [("Edema", "OBS-DP"), ("effusion", "OBS-DP")]),  # unknown words
        ("Left lung .", [("Left lung", "ANAT-DP")]),  # no observation
        ("Prior study .", []),
    ],
)
def test_nothing_is_flipped_where_the_scope_is_not_plain(text, entities):
    assert flips(sentence(text, *entities)) == []


def test_joined_sentences_keep_their_labels_and_abbreviations():
    made = join(sentence("No edema .", ("edema", "OBS-DA")), sentence("The ET tube is high .", ("ET tube", "OBS-DP")))
    assert (made.text, made.labels) == ("No edema ; the ET tube is high .", {"OBS-DA", "OBS-DP"})
    assert join(sentence("Clear ."), sentence("PA view .")).text == "Clear ; PA view ."


@pytest.mark.parametrize("label", LABELS)
def test_made_negatives_have_no_entity_of_the_type_and_no_twin_anywhere(made_sentences, label):
    train, held_out = made_sentences[:500], [found.text for found in made_sentences[500:]]
    free = [found.text for found in made_negatives(train, label, 900, seed=1)]
    held_out += free[::2]
    made = made_negatives(train, label, 900, seed=1, avoid=held_out)
    texts = [normalise(found.text) for found in made]
    assert len(made) == 900 == len(set(texts))
    assert not set(texts) & {normalise(text) for text in held_out}
    assert not set(texts) & {normalise(found.text) for found in train}
    assert all(label not in found.labels for found in made)
    assert all(len(found.text.split()) <= LONGEST_JOINED for found in made)
    methods = [found.method for found in made]
    assert methods == sorted(methods) and set(methods) == {"flipped", "joined"}


def test_the_labels_of_flipped_sentences_are_those_that_the_same_words_have_elsewhere():
    sentences = [s for report in corpus_of(make_reports(1500, seed=1), "made").reports for s in cut(report).sentences]
    gold = {normalise(found.text): {entity.label for entity in found.entities} for found in sentences}
    shared = [made for found in sentences for made in flips(found) if normalise(made.text) in gold]
    assert len(shared) >= 10
    assert all(set(made.labels) == gold[normalise(made.text)] for made in shared)


def test_the_seed_decides_and_the_order_of_the_sentences_does_not(made_sentences):
    one = made_negatives(made_sentences, "ANAT-DP", 50, seed=1)
    assert one == made_negatives(made_sentences[::-1], "ANAT-DP", 50, seed=1)
    assert one != made_negatives(made_sentences, "ANAT-DP", 50, seed=2)
    gold = gold_negatives(made_sentences, "OBS-U", 50, seed=1)
    assert gold == gold_negatives(made_sentences[::-1], "OBS-U", 50, seed=1)


def test_too_few_sentences_give_what_there_is():
    assert made_negatives([sentence("Prior study .")], "OBS-U", 5, seed=1) == []
    assert [made.text for made in made_negatives([sentence("No edema .", ("edema", "OBS-DA"))], "OBS-DA", 5, 1)] == [
        "Edema ."
    ]


def test_what_is_written_often_is_likelier_to_be_drawn():
    texts = [*(f"Opacity number {number} ." for number in range(200)), *["No prior study is available ."] * 200]
    sentences = [sentence(text, number=number) for number, text in enumerate(texts)]
    for seed in range(20):
        assert any(drawn.text == texts[-1] for drawn in gold_negatives(sentences, "OBS-U", 20, seed))
