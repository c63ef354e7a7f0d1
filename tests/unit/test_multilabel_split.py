import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.data.multilabel_split import multilabel_split
from medtune.errors import InputError

SHARES = {"train": 0.85, "validation": 0.075, "test": 0.075}


def split(labels, seed=42, shares=SHARES):
    """labels: by key."""
    return multilabel_split(list(labels), key_of=str, labels_of=labels.__getitem__, shares=shares, seed=seed)


def homes(splits, labels, label):
    return {name: sum(label in labels[key] for key in keys) for name, keys in splits.items()}


def made(count, **documents_by_label):
    """`count` documents that all have the label "common"; each other label in so many of them, at random."""
    labels = {f"d{number:03d}": {"common"} for number in range(count)}
    for label, documents in documents_by_label.items():
        for key in random.Random(label).sample(sorted(labels), documents):
            labels[key].add(label)
    return labels


@pytest.mark.parametrize(("count", "expected"), [(400, [340, 30, 30]), (200, [170, 15, 15]), (20, [17, 2, 1])])
def test_the_splits_have_exact_numbers_of_documents(count, expected):
    assert [len(keys) for keys in split(made(count, rare=4)).values()] == expected


def test_a_rare_label_stands_in_every_split_where_it_can():
    labels = made(200, once=1, twice=2, three=3, four=4, five=5, ten=10)
    splits = split(labels)
    assert homes(splits, labels, "once") == {"train": 1, "validation": 0, "test": 0}
    assert homes(splits, labels, "twice") == {"train": 1, "validation": 0, "test": 1}
    assert homes(splits, labels, "three") == {"train": 1, "validation": 1, "test": 1}
    assert homes(splits, labels, "four") == {"train": 2, "validation": 1, "test": 1}
    assert homes(splits, labels, "ten") == {"train": 8, "validation": 1, "test": 1}


def test_a_label_of_many_documents_has_its_share_everywhere():
    labels = made(200, half=100, other=60)
    found = homes(split(labels), labels, "half")
    assert found["train"] == pytest.approx(85, abs=2)
    assert found["test"] == pytest.approx(7.5, abs=1.5)


def test_the_split_depends_on_the_seed_and_not_on_the_order_of_the_input():
    labels = made(60, a=5, b=20)
    shuffled = {key: labels[key] for key in random.Random(1).sample(sorted(labels), len(labels))}
    assert split(labels) == split(shuffled)
    assert split(labels) != split(labels, seed=43)


@settings(max_examples=50)
@given(st.lists(st.sets(st.sampled_from("ABCDEF")), min_size=14, max_size=40), st.integers(0, 5))
def test_every_document_is_in_one_split(drawn, seed):
    labels = {f"{number:02d}": names for number, names in enumerate(drawn)}
    splits = split(labels, seed)
    assert Counter(key for keys in splits.values() for key in keys) == Counter(list(labels))


def test_too_few_documents_are_refused():
    with pytest.raises(InputError, match="the test split would be empty: 5 documents are too few to split; add more"):
        split(made(5), shares={"train": 0.8, "validation": 0.2 - 1e-3, "test": 1e-3})
    with pytest.raises(InputError, match="split would be empty: 1 document is too few to split; add more"):
        split(made(1))
