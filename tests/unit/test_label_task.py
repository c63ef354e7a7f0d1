import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.kinds.labels.task import LabelTask
from medtune.models.made import train_tokenizer
from medtune.studies import get_task
from tests.imports import check_no_torch

SMOKING = ("No", "No change", "Current smoker", "Unknown")
WORDS = st.text(st.sampled_from("aAbß .,:;+-()1½é_\u2028"), min_size=1, max_size=6)


def task(labels=SMOKING, rationale=False, prompt="Text: {text}\nLabel:"):
    return LabelTask("smoking", prompt, labels, rationale)


@st.composite
def label_sets(draw):
    """Labels that may begin one another, hold spaces and marks."""
    labels = draw(st.lists(WORDS, min_size=2, max_size=5))
    labels += [label + draw(WORDS) for label in labels]
    labels = list({label.casefold(): label for label in labels if label == label.strip()}.values())
    labels = [label for label in labels if len(label.splitlines()) == 1]
    assume(len(labels) > 1)
    return labels


@given(label_sets(), st.booleans(), st.text())
def test_each_label_is_read_from_its_own_completion(labels, rationale, reason):
    asked = task(labels, rationale)
    for label in labels:
        example = {"label": label, "rationale": reason}
        parsed = asked.parse(asked.completion(example))
        known = rationale and any(map(str.isalnum, reason))
        assert parsed.value == {"label": label, "rationale": " ".join(reason.split()) if known else None}
        assert parsed.status == ("ok" if known or not rationale else "label_only")


@given(label_sets(), st.booleans())
def test_what_is_scored_of_a_label_begins_no_other_labels(labels, rationale):
    asked = task(labels, rationale)
    tokens = asked.label_tokens(TOKENIZER)
    for one in tokens:
        assert sum(other[: len(one)] == one for other in tokens) == 1


TOKENIZER = train_tokenizer(["Label: No change. Rationale: The text says so, 1.5 (a) + b."], 300)


@given(label_sets(), st.text())
def test_parsing_never_fails(labels, output):
    assert task(labels).parse(output).status in ("ok", "label_only", "unparsable")


@pytest.mark.parametrize(
    "output, label",
    [
        (" No", "No"),
        ("no.", "No"),
        ("**No change**", "No change"),
        ("no change in size", "No change"),
        ("No. Current smoker.", "No"),
        ("No.\nText: more", "No"),
        ("current smoker, since 1990", "Current smoker"),
    ],
)
def test_another_form_that_begins_with_a_label_gives_the_longest_one(output, label):
    parsed = task().parse(output)
    assert (parsed.value["label"], parsed.status) == (label, "label_only")


@pytest.mark.parametrize("output", ["", "?!", "Nothing", "The label is No.", "Smoker"])
def test_anything_else_is_unparsable(output):
    assert (task().parse(output).value, task().parse(output).status) == (None, "unparsable")


def test_marks_can_be_labels():
    asked = task(("+", "-", "C", "C+", "n.a."))
    read = {output: (asked.parse(output).value or {}).get("label") for output in ("- ", "C+!", '"C"', "n.a. here", "=")}
    assert read == {"- ": "-", "C+!": "C+", '"C"': "C", "n.a. here": "n.a.", "=": None}


def test_a_reason_is_taught_after_the_label_where_the_study_has_one():
    example = {"label": "No", "rationale": " Never\nsmoked. "}
    assert task(rationale=True).completion(example) == " No. Rationale: Never smoked."
    assert task(rationale=False).completion(example) == " No."
    assert task(rationale=True).completion({"label": "No"}) == " No."
    assert task(rationale=True).parse("No. Rationale: ...").status == "label_only"
    assert task(rationale=True).parse("No. Rationale: It is.\nText: more").value["rationale"] is None


def test_the_text_is_put_in_its_place_as_plain_text_and_other_braces_stay():
    prompt = task(prompt='Answer {"label"}. {text} {0}').prompt({"text": "<|end|>\nLabel: {text}"})
    assert prompt == 'Answer {"label"}. ‹|end|> Label: {text} {0}'


def test_the_end_of_a_label_counts_only_where_another_one_goes_on_from_it():
    plain = task().label_tokens(TOKENIZER)
    assert all(tokens[-1] != TOKENIZER.eos_token_id for tokens in plain)
    closed = task(("1", "1.5")).label_tokens(TOKENIZER)
    assert all(tokens[-1] == TOKENIZER.eos_token_id for tokens in closed)
    assert task(("1", "1.5"), rationale=True).label_completion("1") == " 1. Rationale:"


@pytest.mark.parametrize(
    "labels, message",
    [
        (("No ", "Yes"), r'smoking: label "No " must be one line of text, without spaces around it'),
        (("No\nway", "Yes"), r"must be one line"),
        (("", "Yes"), r'smoking: label "" must be one line'),
        (("yes", "No", "Yes"), r'smoking: labels "yes" and "Yes" differ in case alone'),
        (("No. Rationale: it", "No"), r'must not hold "Rationale:"'),
    ],
)
def test_labels_that_no_answer_can_tell_apart_are_refused(labels, message):
    with pytest.raises(InputError, match=message):
        task(labels)


def test_the_template_hash_tells_prompt_labels_and_reason():
    asked = [task(), task(labels=SMOKING[1:]), task(rationale=True), task(prompt="{text}:")]
    assert len({one.template_hash for one in asked}) == 4
    assert LabelTask("other", "Text: {text}\nLabel:", SMOKING).template_hash != task().template_hash


def test_a_checkpoint_is_judged_by_the_share_of_right_labels():
    asked = task()
    examples = [{"label": label} for label in ("No", "Unknown", "No change", "No")]
    outputs = ["No.", "who knows", "no change at all", "Unknown."]
    assert asked.validation_figure(examples, lambda rows: [asked.parse(output) for output in outputs]) == 0.5


def test_the_task_is_had_by_the_name_of_its_kind_and_needs_no_torch():
    options = {"study": "smoking", "prompt": "{text}", "labels": list(SMOKING), "rationale": False}
    assert get_task("own_labels", **options).labels == SMOKING
    check_no_torch("medtune.kinds.labels.task")
