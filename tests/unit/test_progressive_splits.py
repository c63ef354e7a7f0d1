import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.studies.meerkat.medical_qa import MedicalQuestion
from medtune.studies.meerkat.progressive_splits import (
    TOO_SMALL,
    Share,
    SplitRule,
    count_of,
    first_shares,
    first_split,
    next_shares,
    part_growth,
)

RULE = SplitRule()


def questions(specialty, count):
    return [
        MedicalQuestion(specialty, str(n), f"What is {specialty} {n}?", f"It is {specialty} {n}.") for n in range(count)
    ]


def sizes(part):
    return len(part.holdout), len(part.evaluation), len(part.growth)


def iterate(parts, rule, steps):
    """(training rows, pool rows) of each iteration; steps: recommended and hand-made shares after each."""
    growth = [item.row() for part in parts.values() for item in part.growth]
    evaluation = {specialty: len(part.evaluation) for specialty, part in parts.items()}
    shares = first_shares(list(parts), rule)
    for recommended, by_hand in [*steps, ({}, {})]:
        values = {specialty: share.value for specialty, share in shares.items()}
        yield part_growth(growth, evaluation, values)
        shares = next_shares(values, recommended, by_hand)


def test_the_holdout_comes_first_then_the_first_share_and_of_that_the_evaluation_split():
    parts, dropped = first_split({"a": questions("a", 110)}, RULE, seed=0)
    assert sizes(parts["a"]) == (10, 10, 90)  # 100 remain; of the first 50, 10 are for evaluation
    ((training, pool),) = iterate(parts, RULE, [])
    assert (len(training), len(pool), dropped) == (40, 50, [])


@pytest.mark.parametrize(
    "records, expected", [(11, (10, 0, 1)), (12, (10, 0, 2)), (13, (10, 1, 2)), (15, (10, 1, 4)), (20, (10, 1, 9))]
)
def test_small_specialties_keep_a_whole_holdout_and_at_least_one_record_to_train_on(records, expected):
    parts, dropped = first_split({"a": questions("a", records)}, RULE, seed=0)
    assert sizes(parts["a"]) == expected
    assert not dropped
    ((training, _),) = iterate(parts, RULE, [])
    assert training


def test_a_specialty_without_a_record_beside_the_holdout_is_left_out_and_counted():
    parts, dropped = first_split({"a": questions("a", 10), "b": questions("b", 11), "c": []}, RULE, seed=0)
    assert list(parts) == ["b"]
    assert [(item.source, item.reason) for item in dropped] == [("a", TOO_SMALL)] * 10
    with pytest.raises(InputError, match="no specialty has more than 10 distinct records"):
        first_split({"a": questions("a", 10)}, RULE, seed=0)


def test_the_split_depends_on_the_seed_and_not_on_the_order_or_on_other_specialties():
    records = questions("a", 50)
    parts = first_split({"a": records}, RULE, seed=1)[0]
    shuffled = random.Random(0).sample(records, 50)
    assert first_split({"b": questions("b", 30), "a": shuffled}, RULE, seed=1)[0]["a"] == parts["a"]
    assert first_split({"a": records}, RULE, seed=2)[0]["a"] != parts["a"]


def test_shares_set_by_hand_go_before_recommended_ones_and_none_falls():
    current = dict.fromkeys("abcde", 0.5)
    shares = next_shares(current, {"a": 0.8, "b": 0.8, "c": 0.4}, {"b": 0.6, "d": 0.5})
    assert shares == {
        "a": Share(0.8, "recommended"),
        "b": Share(0.6, "adjusted by hand"),
        "c": Share(0.5, "kept"),
        "d": Share(0.5, "kept"),
        "e": Share(0.5, "kept"),
    }


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, 80, float("nan")])
def test_a_share_must_be_above_0_and_at_most_1(share):
    with pytest.raises(InputError, match=r'specialty_adjustments: the share .* of "a" must be above 0 and at most 1'):
        next_shares({"a": 0.5}, {}, {"a": share})


def test_an_unknown_specialty_is_refused_wherever_it_is_named():
    with pytest.raises(InputError, match='specialty_adjustments: unknown specialty "cardiolog"; did you mean'):
        next_shares({"cardiology": 0.5}, {}, {"cardiolog": 0.8})
    with pytest.raises(InputError, match=r'training recommendations: unknown specialty "\.\./x"'):
        next_shares({"cardiology": 0.5}, {"../x": 0.8}, {})


def test_shares_are_counted_half_up_whatever_their_last_bits():
    assert [count_of(0.5, n) for n in (1, 2, 3, 5)] == [1, 1, 2, 3]
    assert count_of(0.1, 115) == 12
    assert count_of(0.01, 3) == 1
    assert count_of(1.0, 97) == 97


NAMES = ("a", "b", "c")
STEP = st.fixed_dictionaries({}, optional={name: st.floats(0.01, 1.0) for name in NAMES})


@settings(max_examples=60)
@given(
    counts=st.tuples(*[st.integers(11, 60)] * 3),
    steps=st.lists(st.tuples(STEP, STEP), min_size=4, max_size=4),
    rule=st.builds(SplitRule, st.integers(1, 10), st.floats(0.05, 1.0), st.floats(0.05, 0.95)),
    seed=st.integers(0, 5),
)
def test_over_five_iterations_no_holdout_or_evaluation_question_nor_its_twin_is_ever_in_training(
    counts, steps, rule, seed
):
    specialties = {name: questions(name, count) for name, count in zip(NAMES, counts, strict=True)}
    parts, _ = first_split(specialties, rule, seed)
    frozen = {normalise(item.question) for part in parts.values() for item in (*part.holdout, *part.evaluation)}
    growth = sorted(item.id for part in parts.values() for item in part.growth)
    before = set()
    iterations = list(iterate(parts, rule, steps))
    assert len(iterations) == 5
    for training, pool in iterations:
        assert not frozen & {normalise(row["question"]) for row in training}
        assert not frozen & {normalise(row["question"]) for row in pool}
        assert sorted(row["id"] for row in (*training, *pool)) == growth  # what grows comes from the pool alone
        now = {row["id"] for row in training}
        assert before <= now
        assert set(Counter(row["specialty"] for row in training)) == set(NAMES)
        before = now
