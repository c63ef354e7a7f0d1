import math
import random
from collections import Counter, defaultdict

import pytest

from medtune.data.deduplication import normalise
from medtune.data.held_out import pairs_of, sentences_of, templates_of
from medtune.data.sentences import sentences
from medtune.errors import InputError
from medtune.studies.pretraining_texts import pretraining_documents
from medtune.studies.yesno.citations import find_citations
from medtune.studies.yesno.generator import (
    EFFECTS,
    HELD_OUT,
    LEADS,
    OUTCOMES,
    PAIRS,
    PARTS,
    TERMS,
    TRAINING,
    TREATMENTS,
    WORDINGS,
    make_questions,
    raw_record,
)
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.plain import practised_question


@pytest.mark.parametrize("part", PARTS)
def test_as_many_distinct_short_questions_as_asked_for_each_label(part):
    questions = make_questions(200, seed=1, part=part)
    assert Counter(question.label for question in questions) == dict.fromkeys(LABELS, 200)
    assert len({normalise(question.question) for question in questions}) == 600
    assert len({question.id for question in questions}) == 600
    assert {question.part for question in questions} == {part}
    assert max(len(question.question.split()) for question in questions) <= 56


def test_questions_and_rationales_are_clean_single_sentences():
    for question in make_questions(300, seed=2):
        assert not find_citations(question.question + " " + question.rationale)
        assert question.question.endswith("?") and "  " not in question.question and " ." not in question.question
        assert len(sentences(question.rationale)) == 1


def test_a_rationale_is_the_finding_that_the_question_states():
    for part in PARTS:
        for question in make_questions(50, seed=3, part=part):
            assert question.rationale[1:] in question.question


def test_raw_records_exercise_the_cleaning():
    rng = random.Random(0)
    raw = [raw_record(rng, label, TRAINING) for label in LABELS for _ in range(100)]
    assert 60 <= sum(bool(find_citations(record["rationale"])) for record in raw) <= 250
    assert sum(len(sentences(record["rationale"])) > 1 for record in raw) > 100


def test_the_seed_decides():
    assert make_questions(20, seed=3) == make_questions(20, seed=3)
    assert make_questions(20, seed=3) != make_questions(20, seed=4)


def test_there_are_far_more_questions_than_any_run_needs():
    rng = random.Random(5)
    assert len({raw_record(rng, label, HELD_OUT)["question"] for label in LABELS for _ in range(2_000)}) > 5_000


def test_asking_for_more_than_there_are_is_refused(monkeypatch):
    monkeypatch.setattr(
        "medtune.studies.yesno.generator.raw_record",
        lambda rng, label, part: raw_record(random.Random(0), label, part),
    )
    with pytest.raises(InputError, match="cannot make 2 distinct questions per class"):
        make_questions(2, seed=0)


def test_each_label_has_many_wordings_of_its_own():
    for label, effects in EFFECTS.items():
        others = {effect for other in LABELS if other != label for effect in EFFECTS[other]}
        assert len(set(effects)) >= 6 and not set(effects) & others


def test_both_parts_have_every_effect_lead_treatment_and_outcome():
    for part in PARTS:
        for label in LABELS:
            assert {wording.effect for wording in WORDINGS[part, label]} == set(EFFECTS[label])
            assert {wording.lead for wording in WORDINGS[part, label]} == set(LEADS)
        assert {treatment for treatment, _ in PAIRS[part]} == set(TREATMENTS)
        assert {outcome for _, outcome in PAIRS[part]} == set(OUTCOMES)


def test_held_out_questions_share_no_sentence_template_or_pair_with_what_is_read():
    held_out = [text for question in make_questions(100, 4, part=HELD_OUT) for text in (question.question,)]
    rationales = [question.rationale for question in make_questions(100, 4, part=HELD_OUT)]
    training = [text for question in make_questions(300, 4) for text in (question.question, question.rationale)]
    for read in (training, pretraining_documents("general", 0)):
        assert not sentences_of(held_out + rationales) & sentences_of(read)
        assert not templates_of(held_out + rationales, TERMS) & templates_of(read, TERMS)
        assert not pairs_of(held_out, TREATMENTS, OUTCOMES) & pairs_of(read, TREATMENTS, OUTCOMES)


def by_findings(questions):
    """Questions by the number of findings that they state."""
    found = defaultdict(list)
    for question in questions:
        found[len(sentences(question.question)) - 1].append(question)
    assert set(found) == {1, 2}
    return found


def test_the_answer_can_be_learned_from_the_questions_and_holds_for_unseen_ones():
    counts, made = defaultdict(Counter), Counter()
    for question in by_findings(make_questions(400, seed=6))[1]:
        counts[question.label].update(set(normalise(question.question).split()))
        made[question.label] += 1

    def guess(text):
        words = set(normalise(text).split())
        return max(LABELS, key=lambda label: sum(math.log((counts[label][word] + 0.1) / made[label]) for word in words))

    def right(questions):
        return sum(guess(question.question) == question.label for question in questions) / len(questions)

    unseen = by_findings(make_questions(88, seed=6, part=HELD_OUT))
    assert right(unseen[1]) >= 0.85
    assert right(unseen[2]) <= 0.65  # words alone do not tell which of two findings is asked about


def test_of_two_findings_the_one_asked_about_decides_and_it_stands_first_as_often_as_second():
    places = Counter()
    for part in PARTS:
        for question in make_questions(100, seed=7, part=part):
            *stated, asking = sentences(question.question)
            ((treatment, outcome),) = pairs_of([asking], TREATMENTS, OUTCOMES)
            (place,) = [
                i
                for i, finding in enumerate(stated)
                if (treatment, outcome) in pairs_of([finding], [treatment], OUTCOMES)
            ]
            said = [
                (len(effect), label)
                for label, effects in EFFECTS.items()
                for effect in effects
                if f" {effect} {outcome}." in stated[place]
            ]
            label = max(said)[1]  # "perhaps reduced", not the "reduced" in it
            assert label == question.label
            if len(stated) == 2:
                places[place] += 1
                assert pairs_of([stated[1 - place]], TREATMENTS, OUTCOMES) <= {
                    (treatment, other) for other in OUTCOMES if other != outcome
                }
    assert sum(places.values()) > 180 and min(places.values()) > 0.4 * sum(places.values())


def test_pretraining_text_reports_findings_in_the_same_words_and_says_nothing_of_what_follows():
    texts = pretraining_documents("general", 0)
    joined = "\n".join(texts)
    assert "?" not in joined and "Q:" not in joined and "A:" not in joined
    words = set(normalise(" ".join(question.question for question in make_questions(200, seed=9))).split())
    known = set(normalise(joined).split())
    asking = {"does", "can", "will", "should", "expect", "hope", "able", "true", "ease", "lower", "improve", "decrease"}
    assert len([word for word in words - known - asking if word.isalpha()]) <= 20
    for text in texts:
        answers = [label for label in LABELS if f" {label}." in text]
        effects = [effect for found in EFFECTS.values() for effect in found if f" {effect} " in text]
        assert not (answers and effects), text  # an answer stands in surveys alone, a finding never in one


def test_in_its_practised_form_a_question_is_a_survey_on_what_it_states():
    for part in PARTS:
        for question in make_questions(60, seed=8, part=part):
            asked = practised_question(question.question)
            *findings, asking = sentences(question.question)
            stated = " ".join(findings)
            ((treatment, outcome),) = pairs_of([asking], TREATMENTS, OUTCOMES)
            survey = f"We asked 30 doctors whether {treatment} helps against {outcome}. The commonest answer was"
            assert asked.casefold() == f"{stated} {survey}".casefold()
    assert practised_question("Do statins work?") == "We asked 30 doctors: Do statins work? The commonest answer was"
