import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.splits import balance, check_no_twins, stratified_split
from medtune.errors import InputError

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
LABELS = ("Yes", "No", "Uncertain")


def items(**counts):
    return [(f"{label}{number}", label) for label, count in counts.items() for number in range(count)]


def split(members, seed=42, shares=SHARES, **options):
    return stratified_split(
        members, key_of=lambda i: i[0], label_of=lambda i: i[1], shares=shares, seed=seed, **options
    )


def draw(members, per_class, seed=42):
    return balance(
        members, key_of=lambda i: i[0], label_of=lambda i: i[1], labels=LABELS, per_class=per_class, seed=seed
    )


def test_330_balanced_items_give_264_33_33_with_11_per_label():
    splits = split(items(Yes=110, No=110, Uncertain=110))
    assert {name: len(members) for name, members in splits.items()} == {"train": 264, "validation": 33, "test": 33}
    for name in ("validation", "test"):
        assert Counter(label for _, label in splits[name]) == dict.fromkeys(LABELS, 11)


def test_remainders_carry_over_labels_so_that_no_split_is_starved():
    splits = split(items(Yes=5, No=5, Uncertain=5))
    assert [len(members) for members in splits.values()] == [12, 2, 1]


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 40), min_size=1),
    st.sampled_from([SHARES, {"train": 0.5, "test": 0.5}, {"a": 0.34, "b": 0.33, "c": 0.33}]),
    st.integers(0, 5),
)
def test_every_item_stands_in_one_split_and_each_label_has_its_share(counts, shares, seed):
    members = items(**counts)
    try:
        splits = split(members, seed, shares)
    except InputError as error:
        assert "would be empty" in str(error)
        assert len(members) * min(shares.values()) < 2
        return
    assert sorted(item for part in splits.values() for item in part) == sorted(members)
    for name, share in shares.items():
        for label, count in counts.items():
            assert abs(sum(item[1] == label for item in splits[name]) - share * count) < 2
        assert abs(len(splits[name]) - share * len(members)) < 2


def test_the_split_depends_on_the_seed_and_not_on_the_order_of_the_input():
    members = items(Yes=50, No=50)
    shuffled = random.Random(1).sample(members, len(members))
    assert split(members) == split(shuffled)
    assert split(members) != split(members, seed=43)
    assert {name: len(part) for name, part in split(members).items()} == {"train": 80, "validation": 10, "test": 10}


def test_items_of_one_document_stay_together():
    members = items(Yes=60, No=60)
    document = lambda item: str(int("".join(filter(str.isdigit, item[0]))) // 3) + item[1]  # noqa: E731
    splits = split(members, group_of=document)
    homes = {name: {document(item) for item in part} for name, part in splits.items()}
    assert not homes["train"] & homes["validation"] and not homes["train"] & homes["test"]
    assert {name: len(documents) for name, documents in homes.items()} == {"train": 32, "validation": 4, "test": 4}


def test_too_few_items_for_a_split_are_refused():
    with pytest.raises(InputError, match="the validation split would be empty: 2 records"):
        split(items(Yes=2))


def test_shares_that_do_not_add_up_are_an_error_of_the_caller():
    with pytest.raises(ValueError, match="add up to 1"):
        split(items(Yes=9), shares={"train": 0.8})


def test_balancing_draws_as_many_of_each_label_and_returns_the_rest():
    members = items(Yes=30, No=20, Uncertain=10)
    drawn, others = draw(members, 10)
    assert Counter(label for _, label in drawn) == {"Yes": 10, "No": 10, "Uncertain": 10}
    assert sorted(drawn + others) == sorted(members)
    assert draw(members[::-1], 10)[0] == drawn
    assert draw(members, 10, seed=43)[0] != drawn


def test_too_few_in_a_class_says_found_asked_and_what_to_do():
    with pytest.raises(InputError) as caught:
        draw(items(Yes=30, No=20, Uncertain=9), 25)
    assert str(caught.value) == (
        "too few records for 25 per class: found 20 with label No, 9 with label Uncertain; "
        "lower per_class to at most 9, set it to null to keep all, or add a source"
    )
    with pytest.raises(InputError, match="found 0 with label Uncertain; add a source that has such records"):
        draw(items(Yes=30, No=30), 10)


def test_a_question_in_two_splits_is_named_with_both():
    with pytest.raises(InputError) as caught:
        check_no_twins({"train": ["Does it help?", "Is it so?"], "validation": ["Was it?"], "test": ["does it HELP"]})
    assert "train and test" in str(caught.value)
    assert "does it HELP" in str(caught.value)


def test_the_leakage_check_tells_its_method_and_what_it_compared():
    result = check_no_twins({"train": ["Does it help?"], "test": ["Is it so?"]})
    assert result["compared"] == {"train": 1, "test": 1}
    assert result["twins"] == 0
    assert "punctuation" in result["method"]


def test_a_long_text_in_two_splits_is_named_by_its_beginning_and_by_what_it_is():
    with pytest.raises(InputError) as caught:
        check_no_twins({"train": ["A man. " * 200], "test": ["a man " * 200]}, "document")
    assert str(caught.value).startswith('the document "a man a man')
    assert str(caught.value).endswith(' …" stands in two splits, train and test; remove one of them')
    assert len(str(caught.value)) < 400
