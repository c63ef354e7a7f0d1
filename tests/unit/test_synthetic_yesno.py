import math
import random
import re
from collections import Counter, defaultdict

import pytest

from medtune.data.citations import find_citations
from medtune.data.deduplication import normalise
from medtune.data.labels import LABELS
from medtune.data.sentences import sentences
from medtune.data.synthetic.yesno import EVIDENCE, VERDICTS, make_questions, plain_text, raw_record
from medtune.errors import InputError


def test_as_many_distinct_short_questions_as_asked_for_each_label():
    questions = make_questions(400, seed=1)
    assert Counter(question.label for question in questions) == dict.fromkeys(LABELS, 400)
    assert len({normalise(question.question) for question in questions}) == 1200
    assert len({question.id for question in questions}) == 1200
    assert max(len(question.question.split()) for question in questions) <= 35


def test_questions_and_rationales_are_clean_single_sentences():
    for question in make_questions(300, seed=2):
        assert not find_citations(question.question + " " + question.rationale)
        assert question.question.endswith("?") and "  " not in question.question and " ." not in question.question
        assert len(sentences(question.rationale)) == 1


def test_raw_records_exercise_the_cleaning():
    rng = random.Random(0)
    raw = [raw_record(rng, label) for label in LABELS for _ in range(100)]
    assert 60 <= sum(bool(find_citations(record["rationale"])) for record in raw) <= 250
    assert sum(len(sentences(record["rationale"])) > 1 for record in raw) > 100
    assert any("(RR " in record["question"] for record in raw)


def test_the_seed_decides():
    assert make_questions(20, seed=3) == make_questions(20, seed=3)
    assert make_questions(20, seed=3) != make_questions(20, seed=4)


def test_there_are_far_more_questions_than_any_run_needs():
    rng = random.Random(5)
    assert len({raw_record(rng, label)["question"] for label in LABELS for _ in range(7_000)}) > 20_000


def test_asking_for_more_than_there_are_is_refused(monkeypatch):
    monkeypatch.setattr(
        "medtune.data.synthetic.yesno.raw_record", lambda rng, label: raw_record(random.Random(0), label)
    )
    with pytest.raises(InputError, match="cannot make 2 distinct questions per class"):
        make_questions(2, seed=0)


def test_each_label_has_many_wordings_of_its_own():
    for label, wordings in EVIDENCE.items():
        others = {wording for other in LABELS if other != label for wording in EVIDENCE[other]}
        assert len(set(wordings)) >= 6 and not set(wordings) & others


def test_the_answer_can_be_learned_from_the_questions_and_holds_for_unseen_ones():
    questions = make_questions(188, seed=6)
    random.Random(0).shuffle(questions)
    counts = defaultdict(Counter)
    for question in questions[:264]:
        counts[question.label].update(set(normalise(question.question).split()))

    def guess(text):
        words = set(normalise(text).split())
        return max(LABELS, key=lambda label: sum(math.log(counts[label][word] + 0.1) for word in words))

    unseen = questions[264:]
    assert sum(guess(question.question) == question.label for question in unseen) / len(unseen) >= 0.95


def test_plain_text_is_prose_in_the_same_words_and_not_in_the_answer_format():
    texts = plain_text(400, seed=7)
    assert texts == plain_text(400, seed=7) != plain_text(400, seed=8)
    joined = "\n".join(texts)
    assert "?" not in joined and "Q:" not in joined and "A:" not in joined and "Rationale:" not in joined
    assert 0.2 < sum(bool(find_citations(text)) for text in texts) / len(texts) < 0.8
    words = set(normalise(" ".join(question.question for question in make_questions(200, seed=9))).split())
    known = set(normalise(joined).split())
    assert len([word for word in words - known if word.isalpha()]) <= 20


def test_verdicts_in_plain_text_agree_with_the_evidence():
    for text in plain_text(300, seed=10):
        verdicts = {label for label in LABELS if any(verdict.rstrip(".") in text for verdict in VERDICTS[label][:2])}
        cues = {label for label in LABELS for clause in EVIDENCE[label] if all(part in text for part in fixed(clause))}
        assert verdicts <= cues
        assert len(verdicts) <= 1


def fixed(clause: str) -> list[str]:
    """What a clause says whatever its treatment and outcome are."""
    return re.split(r"\{\w+\}", clause)
