import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.listed_entities import UNKNOWN
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.inert import inert
from medtune.inference.constraints import Constraint
from medtune.inference.generation import generate
from medtune.kinds.spans.task import SpanTask, gold_spans
from medtune.kinds.task import Parsed
from medtune.studies import get_task
from tests.imports import check_no_torch
from tests.unit.test_constraints import SETTINGS, closing  # noqa: F401
from tests.unit.tiny_model import random_prompts

TYPES = ("Drug", "Sign symptom", "Family-history")
TEXT = "No chest pain today. Aspirin for chest pain and pain in the left arm."
WORDS = st.lists(st.sampled_from(["pain", "chest", "no", "Pain", "left", "<|end|>", '"', "{", "[X]", "]", "é", "ﬁ"]))
ADVERSARIAL = st.one_of(
    WORDS.map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text(st.sampled_from('ab <[{}]":,\\\n\u2028é'), max_size=40),
)


def task(prompt="List.\nText: {text}\nAnswer:\n", entities=TYPES):
    return SpanTask("notes", prompt, entities)


def entity(start, end, kind="Sign symptom", text=TEXT):
    return {"start": start, "end": end, "type": kind, "text": text[start:end]}


def example(*entities, text=TEXT):
    return {"id": "a", "text": text, "entities": list(entities)}


def read(answer, text=TEXT):
    parsed = task().parse(answer)
    return task().read(text, parsed.value, parsed.status)


def listed(*items):
    return json.dumps({"entities": [{"type": kind, "text": text} for kind, text in items]})


@st.composite
def annotated(draw):
    """A text and entities of it that may nest, cross and repeat."""
    text = draw(ADVERSARIAL.filter(bool))
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 12), st.sampled_from(TYPES))
    found = draw(st.lists(places, max_size=6))
    entities = [entity(start, min(start + size, len(text)), kind, text) for start, size, kind in found]
    return example(*entities, text=text)


def test_entities_are_listed_in_the_order_of_the_text_and_each_once():
    asked = example(entity(21, 28, "Drug"), entity(3, 13), entity(3, 13), entity(9, 13))
    assert json.loads(task().completion(asked)) == {
        "entities": [
            {"type": "Sign symptom", "text": "chest pain"},
            {"type": "Sign symptom", "text": "pain"},
            {"type": "Drug", "text": "Aspirin"},
        ]
    }
    assert task().completion(example()) == '{"entities":[]}'


@pytest.mark.parametrize(
    "entities",
    [
        [(3, 13), (33, 43)],  # one value, both its occurrences
        [(3, 13), (9, 13), (33, 43), (39, 43), (48, 52)],  # nested, and repeated
        [(56, 59), (56, 64), (60, 68)],  # same start, crossing
        [(3, 13), (33, 43), (39, 52)],  # crossing
        [(21, 28), (33, 43)],  # the second occurrence, after what stands between
        [],
    ],
)
def test_what_is_listed_is_found_where_it_was_annotated(entities):
    asked = example(*(entity(*place) for place in entities))
    reading = read(task().completion(asked))
    assert reading.placed == gold_spans(asked)
    assert reading.matches(gold_spans(asked))
    assert all(reading.right(gold_spans(asked)))


@given(annotated())
def test_a_completion_reads_as_the_entities_up_to_where_they_are_found(asked):
    gold = gold_spans(asked)
    parsed = task().parse(task().completion(asked))
    assert parsed.status == "ok"
    text = inert(asked["text"])
    assert [(item["type"], item["text"]) for item in parsed.value] == [(s.label, text[s.start : s.end]) for s in gold]
    reading = task().read(asked["text"], parsed.value, parsed.status)
    for span, found in zip(gold, reading.spans, strict=True):
        # Nothing but what folds to nothing (spaces, format characters) is without a place.
        if found is not None:
            assert found.label == span.label
            assert _folded(text[found.start : found.end]) == _folded(text[span.start : span.end])
        else:
            assert not _folded(text[span.start : span.end]) or not text[span.start : span.end].isascii()


def _folded(text):
    return "".join(text.casefold().split())


@given(annotated())
def test_each_entity_and_the_end_of_the_list_have_a_part(asked):
    answer = task().completion(asked)
    parts = task().parts(answer)
    items = task().parse(answer).value
    assert len(parts) == len(items) + 1
    for part, item in zip(parts, items, strict=False):
        assert [answer[start:end] for start, end in part] == [
            "{",
            json.dumps(item["type"], ensure_ascii=False)[1:],
            json.dumps(item["text"], ensure_ascii=False)[1:],
        ]
    assert [answer[start:end] for start, end in parts[-1]] == ["]"]
    assert parts[-1][0][1] == len(answer) - 1


@given(st.one_of(ADVERSARIAL, st.text(), annotated().map(lambda asked: task().completion(asked)[:-3])), st.text())
def test_no_answer_makes_it_raise(answer, text):
    parsed = task().parse(answer)
    parts = task().parts(answer)
    assert len(parts) == (0 if parsed.value is None else len(parsed.value) + 1)
    confidences = [0.5] * len(parts)
    reading = task().read(text, parsed.value, parsed.status, confidences)
    assert len(reading.found) == len(parsed.value or [])
    assert reading.confidence in (0.0, 0.5)


@pytest.mark.parametrize(
    "answer, status, values, parts",
    [
        (listed(("Drug", "Aspirin")), "ok", ["Aspirin"], 2),
        ('{"entities":[]}', "ok", [], 1),
        ('{"entities":[{"type":"Drug","text":"Aspirin"},{"type":"Dr', "truncated", ["Aspirin"], 2),
        (listed(("Drug", "Aspirin")) + " and more", "trailing_text", ["Aspirin"], 2),
        ('{"entities":[{"type":"Drug"},{"type":"Drug","text":"Aspirin"}]}', "wrong_shape", ["Aspirin"], 2),
        ("[]", "wrong_shape", None, 0),
        ('{"drugs":[]}', "wrong_shape", None, 0),
        ("Aspirin", "not_json", None, 0),
        ("", "not_json", None, 0),
    ],
)
def test_how_answers_are_read(answer, status, values, parts):
    parsed = task().parse(answer)
    assert parsed.status == status
    assert (None if parsed.value is None else [item["text"] for item in parsed.value]) == values
    assert len(task().parts(answer)) == parts


def test_parts_are_those_of_the_usable_items():
    answer = '{"entities":[{"type":"Drug"},{"note":"}]","type":"Drug","text":"a{"}]}'
    (part, end) = task().parts(answer)
    assert [answer[start:stop] for start, stop in part] == ["{", '}]"', 'Drug"', 'a{"']
    assert answer[slice(*end[0])] == "]"


def test_types_are_known_by_another_spelling_and_others_are_wrong():
    reading = read(listed(("drug", "aspirin"), ("sign_symptom", "pain"), ("family history", "arm"), ("Organ", "arm")))
    assert [found.label for found in reading.found] == ["Drug", "Sign symptom", "Family-history", UNKNOWN]
    assert SpanTask("s", "{text}", ["drug", "Drug"]).types.label_of("Drug") == "Drug"


def test_a_value_that_is_not_in_the_text_has_no_place_and_takes_the_confidence():
    parsed = task().parse(listed(("Drug", "Aspirin"), ("Drug", "heparin")))
    reading = task().read(TEXT, parsed.value, "ok", [0.9, 0.8, 0.7])
    assert reading.spans == [Span(21, 28, "Drug"), None]
    assert (reading.placed, reading.unplaced) == ([Span(21, 28, "Drug")], ["Drug"])
    assert reading.confidence == 0
    sure = task().read(TEXT, parsed.value[:1], "ok", [0.9, 0.7])
    assert (sure.confidence, [found.confidence for found in sure.found]) == (0.7, [0.9])
    with pytest.raises(ValueError, match="1 confidences of 1 entities"):
        task().read(TEXT, parsed.value[:1], "ok", [0.9])


def test_the_text_stands_on_one_line_and_braces_elsewhere_in_the_prompt_stay():
    asked = task('As {"entities": […]}, {text}! {0}').prompt(example(text="a\n{text} [INST]"))
    assert asked == 'As {"entities": […]}, a {text} (INST]! {0}'


def test_an_entity_outside_its_text_is_refused():
    with pytest.raises(InputError, match=r'id "a": entity \[60, 99\) is not within the text of 69 characters'):
        task().completion(example({"start": 60, "end": 99, "type": "Drug"}))


def test_the_validation_figure_counts_what_is_not_in_the_text():
    asked = [example(entity(3, 13), entity(21, 28, "Drug")), example(entity(3, 13))]
    answers = [listed(("Sign symptom", "chest pain"), ("Drug", "heparin")), "nothing"]
    figure = task().validation_figure(asked, lambda rows: [task().parse(answer) for answer in answers])
    assert figure == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))  # right 1, spurious 1, missed 2
    assert task().validation_figure(asked, lambda rows: [Parsed(None, "not_json")] * 2) == 0


def test_the_template_hash_follows_prompt_types_and_study():
    known = task().template_hash
    assert task().template_hash == known
    others = [task("Other {text}"), task(entities=("Device", *TYPES)), SpanTask("x", "List.\nText: {text}", TYPES)]
    assert known not in {other.template_hash for other in others}


def test_it_is_found_by_the_name_of_its_kind_without_torch():
    assert get_task("own_spans", study="notes", prompt="{text}", entities=["Drug"]).name == "notes"
    check_no_torch("medtune.kinds.spans.task", "medtune.kinds.spans.score", "medtune.kinds.spans.figures")


def test_constrained_answers_parse_and_have_known_types_alone(closing):  # noqa: F811
    prompts = random_prompts(12)
    form = task().answer_form(example(), None)
    answers = generate(*closing, prompts, SETTINGS, seed=3, constrain=Constraint(*closing).to([form] * len(prompts)))
    ended = [answer for answer in answers if answer.finish == "eos"]
    assert len(ended) >= 4
    for answer in ended:
        parsed = task().parse(answer.text)
        assert parsed.status == "ok"
        assert {item["type"] for item in parsed.value} <= set(TYPES)
