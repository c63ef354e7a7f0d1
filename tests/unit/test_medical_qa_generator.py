from statistics import fmean

import pytest

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.studies.meerkat.generator import HARD, SPECIALTIES, make_specialties, write_specialties
from medtune.studies.meerkat.medical_qa import distinct_questions, read_specialties
from medtune.studies.meerkat.progressive_splits import SplitRule, count_of, first_split

RECORDS = 90


@pytest.fixture(scope="module")
def made():
    return make_specialties(RECORDS, seed=42)


def overlap(one, other):
    """F1 of the longest common subsequence of words (ROUGE-L)."""
    one, other = normalise(one).split(), normalise(other).split()
    row = [0] * (len(other) + 1)
    for word in one:
        diagonal = 0
        for place, candidate in enumerate(other, start=1):
            diagonal, row[place] = row[place], diagonal + 1 if word == candidate else max(row[place], row[place - 1])
    return 2 * row[-1] / (len(one) + len(other))


def recalled(made, share):
    """Overlap by specialty of who recalls the training record that is most alike by aspect and condition."""
    parts, _ = first_split(made, SplitRule(), seed=42)

    def recall(item, training):
        def likeness(known):
            same = {name: known.extra[name] == item.extra[name] for name in ("aspect", "condition")}
            return 2 * same["aspect"] + same["condition"]

        return overlap(max(training, key=likeness).answer, item.answer)

    scores = {}
    for name, part in parts.items():
        known = count_of(share, len(part.evaluation) + len(part.growth)) - len(part.evaluation)
        scores[name] = fmean(recall(item, part.growth[:known]) for item in (*part.holdout, *part.evaluation))
    return scores


def test_six_specialties_of_unequal_size_some_of_them_hard(made):
    assert len(made) == 6
    assert 1 <= len(HARD) < 6
    counts = [len(items) for items in made.values()]
    assert min(counts) == RECORDS
    assert len(set(counts)) == 6
    assert max(counts) >= 2 * min(counts)


def test_no_question_and_no_answer_repeats(made):
    kept, dropped = distinct_questions(made)
    assert dropped == []
    assert {name: len(items) for name, items in kept.items()} == {name: len(items) for name, items in made.items()}


def test_answers_have_ten_to_thirty_words_from_a_small_vocabulary(made):
    answers = [item.answer for items in made.values() for item in items]
    assert all(10 <= len(answer.split()) <= 30 for answer in answers)
    assert len({word for answer in answers for word in normalise(answer).split()}) < 250
    assert not any(mark in answer for answer in answers for mark in "{}")


def test_the_facts_do_not_depend_on_the_seed_and_the_questions_do(made):
    other = make_specialties(RECORDS, seed=7)
    answers = {item.question: item.answer for items in made.values() for item in items}
    shared = [item for items in other.values() for item in items if item.question in answers]
    assert shared
    assert all(answers[item.question] == item.answer for item in shared)
    assert other != made == make_specialties(RECORDS, seed=42)


def test_hard_specialties_are_known_later_and_gain_from_more_training_data(made):
    first, all_of_it = recalled(made, 0.5), recalled(made, 1.0)
    easy = [name for name in made if name not in HARD]
    assert max(first[name] for name in HARD) < min(first[name] for name in easy) - 0.1
    assert min(first[name] for name in easy) > 0.85
    for name in HARD:
        assert all_of_it[name] > first[name] + 0.03


def test_neither_copying_the_question_nor_another_specialty_gives_the_answer(made):
    items = [items[0] for items in made.values()]
    assert fmean(overlap(item.question, item.answer) for found in made.values() for item in found[:20]) < 0.3
    easy = [item for item in items if item.specialty not in HARD]
    hard = [item for item in items if item.specialty in HARD]
    assert fmean(overlap(one.answer, other.answer) for one in easy for other in hard) < 0.3


def test_the_files_are_in_both_layouts_and_read_back(made, tmp_path):
    files = write_specialties(tmp_path, RECORDS, seed=42)
    read = read_specialties(tmp_path, RECORDS)
    assert {path.read_text()[0] for path in files.values()} == {"{", "["}
    for name, items in made.items():
        assert [(item.question, item.answer) for item in read[name]] == [(item.question, item.answer) for item in items]
        assert bool(read[name][0].extra) == SPECIALTIES[name].hard


def test_too_many_records_are_refused_with_the_number_that_can_be_made():
    with pytest.raises(InputError, match=r"cannot be made; ask for \d+$") as fault:
        make_specialties(10_000, seed=0)
    make_specialties(int(str(fault.value).split()[-1]), seed=0)
