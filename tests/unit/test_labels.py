import pytest

from medtune.studies.yesno.labels import LABELS, canonical_label


@pytest.mark.parametrize(
    "spelling, label",
    [
        ("yes", "Yes"),
        (" YES. ", "Yes"),
        ("No!", "No"),
        (["no"], "No"),
        ("maybe", "Uncertain"),
        ("Uncertain;", "Uncertain"),
        ("unclear", "Uncertain"),
        ("INCONCLUSIVE", "Uncertain"),
    ],
)
def test_spellings_of_a_label(spelling, label):
    assert canonical_label(spelling) == label


@pytest.mark.parametrize("value", ["perhaps", "", "yes no", None, 1, True, [], ["yes", "no"], {"yes": 1}])
def test_anything_else_is_no_label(value):
    assert canonical_label(value) is None


def test_labels_are_their_own_canonical_form():
    assert [canonical_label(label) for label in LABELS] == list(LABELS)
