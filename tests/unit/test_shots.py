"""Which examples are shown before a question, how they are written, and what is left out."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.processors import TemplateProcessing

from medtune.errors import InputError
from medtune.inference.inputs import shared_prefix
from medtune.kinds.answers.task import AnswerTask
from medtune.kinds.labels.task import LabelTask
from medtune.kinds.spans.task import SpanTask
from medtune.methods.prompt.asking import Asking
from medtune.methods.prompt.calibration import CONTENT_FREE
from medtune.methods.prompt.forms import SEPARATORS
from medtune.methods.prompt.prompting import Prompting
from medtune.methods.prompt.shots import Unrelated, chosen, random_ranking, similarity_ranking
from medtune.models.made import train_tokenizer
from tests.unit.test_chat import CHATML, DROPS_SYSTEM, END, START

TASK = LabelTask("smoking", "Text: {text}\nLabel:", ["Yes", "No", "Unknown"])
DRUGS = SpanTask("drugs", "Find the drugs.\n\nText: {text}\nDrugs:", ["Drug"])
TOKENIZER = train_tokenizer(["Text: She smokes.\nLabel: Yes.\n\nText: He does not smoke.\nLabel: No. Unknown."], 300)
WORDS = (
    *("cough", "fever", "smoker", "aspirin", "knee", "headache", "ward", "clinic"),
    *("never", "daily", "former", "pain", "sleep", "child", "stable", "nausea"),
)


def row(identifier, text, label="Yes", **more):
    return {"id": identifier, "text": text, "label": label, **more}


def rows(counts, longest=4):
    """So many rows of each label, with texts of a few words, no two alike."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        row(
            f"t{n:03}",
            " ".join(WORDS[(n * 7 + i * (n // 16 + 1)) % 16] for i in range(1 + n % longest)) + f" {n}",
            label,
        )
        for n, label in enumerate(labels)
    ]


TRAIN = rows({"Yes": 9, "No": 6, "Unknown": 3})
QUESTIONS = [
    row("q1", "Daily smoker with cough"),
    row("q2", "Knee pain"),
    row("q3", "aspirin and more aspirin every day"),
]


def asking(task=TASK, tokenizer=TOKENIZER, train=TRAIN, questions=QUESTIONS, room=None, **changes):
    prompting = Prompting(**{"shots": 3, "train": "train.jsonl", "shot_tokens": 10_000, **changes})
    return Asking(prompting, task, tokenizer, train, questions, room)


def ranked(ranking, question=QUESTIONS[0]):
    return [candidate["id"] for candidate in ranking(question)]


@given(st.dictionaries(st.sampled_from(["Yes", "No", "Unknown"]), st.integers(1, 9), min_size=1), st.integers(0, 99))
def test_random_examples_are_as_balanced_as_their_number_allows(counts, seed):
    order = list(random_ranking(rows(counts), seed)(QUESTIONS[0]))
    assert sorted(found["id"] for found in order) == sorted(found["id"] for found in rows(counts))
    for k in range(1, len(order) + 1):
        shown = Counter(found["label"] for found in order[:k])
        # No label is behind another one unless all of its rows are shown.
        assert all(shown[label] == counts[label] or shown[label] >= max(shown.values()) - 1 for label in counts)


def test_random_examples_depend_on_the_seed_alone():
    order = ranked(random_ranking(TRAIN, 1))
    assert order == ranked(random_ranking(TRAIN[::-1], 1)) == ranked(random_ranking(TRAIN, 1), QUESTIONS[1])
    assert order != ranked(random_ranking(TRAIN, 2))


def test_without_labels_random_examples_are_a_draw():
    candidates = [{"id": str(n), "text": f"text {n}"} for n in range(20)]
    assert sorted(ranked(random_ranking(candidates, 1)), key=int) == [str(n) for n in range(20)]
    assert ranked(random_ranking(candidates, 1)) != [str(n) for n in range(20)]


def test_similar_examples_share_rare_words():
    candidates = [
        row("common", "the patient has pain in the knee and the hip"),
        row("rare", "the haemoptysis"),
        row("both", "haemoptysis in the smoker"),
        row("b-none", "x"),
        row("a-none", "y"),
    ]
    question = row("q", "smoker in haemoptysis")
    assert ranked(similarity_ranking(candidates), question) == ["both", "rare", "common", "a-none", "b-none"]
    assert ranked(similarity_ranking(candidates[::-1]), question) == ["both", "rare", "common", "a-none", "b-none"]


def test_texts_without_words_cannot_be_ranked_by_similarity():
    with pytest.raises(InputError, match="no training text has a word; expected text, or examples: random"):
        similarity_ranking([row("a", "..."), row("b", "--")])


NOTE = "one two three four five six seven eight nine ten"


@pytest.mark.parametrize(
    ("candidate", "allowed"),
    [
        (row("other", "another text"), True),
        (row("q", "another text"), False),
        (row("group", "another text", group="patient 1"), False),
        (row("group", "another text", group="patient 2"), True),
        (row("same", "One, two, THREE four five six seven eight nine ten!"), False),
        (row("most", "one two three four five six seven and then others"), False),
        (row("less", "one two three four five six and then other words"), True),
        (row("piece", "three four five six seven eight"), False),
        (row("whole", f"{NOTE} and many more words that stand in a much longer note of the same patient"), False),
    ],
    ids=lambda value: value["id"] if isinstance(value, dict) else None,
)
def test_no_question_is_shown_an_example_of_its_group_or_text(candidate, allowed):
    assert Unrelated()(row("q", NOTE, group="patient 1"), candidate) is allowed


def test_the_next_ones_take_the_places_of_those_that_are_not_allowed():
    order = list(random_ranking(TRAIN, 3)(QUESTIONS[0]))
    taken = chosen(order[1], random_ranking(TRAIN, 3), Unrelated(), 3)
    assert taken == [order[0], order[2], order[3]]


@pytest.mark.parametrize("examples", ["random", "similar"])
def test_a_training_text_that_is_asked_is_not_among_its_examples(examples):
    for question, asked in zip(TRAIN, asking(questions=TRAIN, examples=examples).asked, strict=True):
        assert len(asked.shots) == 3
        assert question["id"] not in asked.ids


def text_of(asked, tokenizer=TOKENIZER):
    return tokenizer.decode(asked.prompt)


def test_a_plain_model_reads_prompt_and_answer_of_each_example_and_a_blank_line():
    found = asking(shots=2, questions=QUESTIONS[:1])
    one, other = found.asked[0].shots
    assert text_of(found.asked[0]) == (
        f"Text: {one['text']}\nLabel: {one['label']}.\n\nText: {other['text']}\nLabel: {other['label']}.\n\n"
        "Text: Daily smoker with cough\nLabel:"
    )
    assert found.form.stop == "\n\n"
    assert found.asked[0].prompt[-len(TASK.render_prompt(QUESTIONS[0], TOKENIZER)) :] == TASK.render_prompt(
        QUESTIONS[0], TOKENIZER
    )


def test_without_examples_a_plain_model_is_asked_as_in_training_and_nothing_stops_it():
    found = asking(shots=0, train=())
    assert [asked.prompt for asked in found.asked] == [TASK.render_prompt(one, TOKENIZER) for one in QUESTIONS]
    assert found.form.stop is None
    assert found.form.labels() == TASK.label_tokens(TOKENIZER)


def test_special_tokens_before_a_text_stand_once():
    tokenizer = train_tokenizer(["Text: She smokes.\nLabel: Yes."], 300)
    tokenizer.add_special_tokens({"bos_token": "<s>"})
    bos = tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", bos)])
    for asked in asking(tokenizer=tokenizer).asked:
        assert asked.prompt[0] == bos
        assert asked.prompt.count(bos) == 1


def test_the_separator_stands_in_no_answer():
    task = AnswerTask("advice", "Advise: {text}\nAdvice:")
    train = [{"id": str(n), "text": f"question {n}", "answer": f"Rest.\n\nThen walk {n} steps."} for n in range(3)]
    found = asking(task, train=train, shots=2)
    assert found.form.stop == SEPARATORS[1]
    assert text_of(found.asked[0]).count(f" steps.{SEPARATORS[1]}Advise:") == 2
    train[0]["answer"] = "a" + "b".join(SEPARATORS) + "c"
    with pytest.raises(InputError, match="so that none of them can end an answer"):
        asking(task, train=train, shots=2)


@pytest.fixture(scope="module")
def chat():
    tokenizer = train_tokenizer(["Text: She smokes.\nLabel: Yes. user assistant"], 300)
    tokenizer.add_special_tokens({"additional_special_tokens": [START, END]})
    tokenizer.chat_template = CHATML
    return tokenizer


def test_a_chat_model_reads_examples_as_earlier_turns(chat):
    found = asking(tokenizer=chat, shots=1, questions=QUESTIONS[:1])
    (shot,) = found.asked[0].shots
    assert text_of(found.asked[0], chat) == (
        f"{START}user\nText: {shot['text']}\nLabel:{END}\n{START}assistant\n{shot['label']}.{END}\n"
        f"{START}user\nText: Daily smoker with cough\nLabel:{END}\n{START}assistant\n"
    )
    assert found.form.stop is None
    assert [chat.decode(label) for label in found.form.labels()] == ["Yes.", "No.", "Unknown."]


def test_a_chat_model_can_be_asked_in_plain_text_and_a_plain_one_in_no_chat(chat):
    assert START not in text_of(asking(tokenizer=chat, chat=False).asked[0], chat)
    with pytest.raises(InputError, match="chat: true: the base model has no chat template"):
        asking(chat=True)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (DROPS_SYSTEM.replace("'system'", "'assistant'"), "drops earlier turns"),
        (
            "{% if messages | length > 1 %}{{ raise_exception('one turn') }}{% endif %}" + CHATML,
            "refuses earlier turns",
        ),
    ],
)
def test_a_chat_template_without_earlier_turns_takes_no_examples(chat, template, said):
    chat.chat_template = template
    try:
        with pytest.raises(InputError, match=f"the model's chat template: {said}"):
            asking(tokenizer=chat)
        assert asking(tokenizer=chat, shots=0, train=()).asked
    finally:
        chat.chat_template = CHATML


@settings(max_examples=60, deadline=None)
@given(
    examples=st.sampled_from(["random", "similar"]),
    in_chat=st.booleans(),
    shots=st.integers(1, 8),
    budget=st.integers(30, 200),
    room=st.none() | st.integers(40, 300),
)
def test_neither_budget_nor_context_is_exceeded_and_all_that_is_left_out_is_counted(
    chat, examples, in_chat, shots, budget, room
):
    tokenizer = chat if in_chat else TOKENIZER
    try:
        found = asking(tokenizer=tokenizer, examples=examples, shots=shots, shot_tokens=budget, room=room)
    except InputError as error:
        assert "none of the 18 training examples fits" in str(error) or "no question has room" in str(error)
        return
    counts = found.counts()
    for question, asked in zip(QUESTIONS, found.asked, strict=True):
        assert asked.shot_tokens == len(asked.prompt) - len(found.form.prompt((), question)) <= budget
        assert not asked.shots or room is None or len(asked.prompt) <= room
        fitting = 18 - counts["training_examples_too_long"]
        left_out = asked.by_budget + asked.by_context + asked.by_relation
        assert len(asked.shots) + left_out == min(shots, fitting)
    assert counts["documents_with_fewer"] == sum(len(asked.shots) < shots for asked in found.asked)
    assert counts["left_out_by_budget"] == sum(asked.by_budget for asked in found.asked)
    assert counts["left_out_by_context"] == sum(asked.by_context for asked in found.asked)


def test_the_last_ranked_is_left_out_first(caplog):
    whole = asking(shots=4, questions=QUESTIONS[:1]).asked[0]
    cut = asking(shots=4, shot_tokens=whole.shot_tokens - 1).asked[0]
    assert cut.shots == whole.shots[:-1]
    assert (cut.by_budget, cut.by_context) == (1, 0)
    assert (
        "3 of 3 questions have fewer than 4 examples, 0 of them none: 3 examples did not fit shot_tokens" in caplog.text
    )


def test_the_most_similar_one_stands_next_to_the_question_and_is_left_out_last():
    order = ranked(similarity_ranking(TRAIN))[:4]
    whole = asking(shots=4, examples="similar", questions=QUESTIONS[:1]).asked[0]
    assert list(whole.ids) == order[::-1]
    cut = asking(shots=4, examples="similar", questions=QUESTIONS[:1], room=len(whole.prompt) - 1)
    assert list(cut.asked[0].ids) == order[2::-1]
    assert (cut.asked[0].by_budget, cut.asked[0].by_context) == (0, 1)


def test_questions_with_too_few_examples_of_others_are_counted(caplog):
    train = [row("a", "knee pain", group="p1"), row("b", "cough", group="p1"), row("c", "fever", "No", group="p2")]
    found = asking(train=train, questions=[row("q", "ward", group="p1"), row("r", "ward", group="p3")])
    assert found.asked[0].ids == ("c",)
    assert [asked.by_relation for asked in found.asked] == [2, 0]
    assert found.counts()["left_out_as_related"] == 2
    assert "2 were of the group of the question or like its text" in caplog.text


def test_a_long_question_has_fewer_examples_and_others_all(caplog):
    questions = [*QUESTIONS, row("long", "aspirin " * 60)]
    longest = max(len(asked.prompt) for asked in asking().asked)
    found = asking(questions=questions, room=longest)
    assert [len(asked.shots) for asked in found.asked[:3]] == [3, 3, 3]
    assert len(found.asked[3].shots) < 3
    assert found.counts()["documents_with_fewer"] == 1
    assert "1 of 4 questions have fewer than 3 examples" in caplog.text


def test_the_cached_prefix_of_all_prompts_holds_the_random_examples():
    found = asking()
    prefix = shared_prefix([asked.prompt for asked in found.asked])
    assert len({asked.ids for asked in found.asked}) == 1
    assert len(prefix) >= found.asked[0].shot_tokens


def test_examples_that_alone_exceed_the_budget_are_never_shown(caplog):
    train = [*TRAIN, row("huge", "aspirin " * 200)]
    form = asking().form
    limit = max(len(form.prompt([one], one)) - len(form.prompt((), one)) for one in TRAIN)
    found = asking(train=train, shots=1, shot_tokens=limit, examples="similar", questions=[row("q", "aspirin aspirin")])
    assert found.counts()["training_examples_too_long"] == 1
    assert found.asked[0].ids != ("huge",)
    assert f"1 of 19 training examples take more than shot_tokens = {limit} tokens each" in caplog.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shots": 19}, "train.jsonl: 18 training examples, fewer than shots = 19; lower shots"),
        ({"shot_tokens": 5}, r"shot_tokens = 5: none of the 18 training examples fits, the shortest takes \d+ tokens"),
        ({"room": 30}, "shots = 3: no question has room for an example"),
    ],
)
def test_examples_that_cannot_be_shown_are_refused(changes, said):
    with pytest.raises(InputError, match=said):
        asking(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shots": 1}, "shots need `train`"),
        ({"calibrated": True}, "calibrated: label likelihoods are calibrated where"),
        ({"shot": 1}, "Extra inputs are not permitted"),
    ],
)
def test_prompting_is_whole(changes, said):
    with pytest.raises(ValueError, match=said):
        Prompting(**changes)


def test_entities_are_shown_in_the_form_of_answers():
    train = [
        {"id": "a", "text": "Aspirin daily", "entities": [{"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"}]}
    ]
    (asked,) = asking(DRUGS, train=train, shots=1, questions=[{"id": "q", "text": "No drugs", "entities": []}]).asked
    assert text_of(asked) == (
        'Find the drugs.\n\nText: Aspirin daily\nDrugs:{"entities":[{"type":"Drug","text":"Aspirin"}]}\n\n'
        "Find the drugs.\n\nText: No drugs\nDrugs:"
    )


def test_label_scores_are_divided_by_those_of_inputs_without_content():
    """The model favours Yes by 0.4 whatever the text; it says 0.5, 0.3, 0.2 of the texts."""
    found = asking(calibrated=True, by="likelihood", examples="similar")
    asked = []

    def score(prompts):
        asked.extend(map(TOKENIZER.decode, prompts))
        shares = [0.5, 0.3, 0.2] if len(prompts) == len(QUESTIONS) else [0.8, 0.1, 0.1]
        return np.log(np.array([shares] * len(prompts)) * 1e-3)  # likelihoods of labels do not sum to 1

    scores = found.label_scores(score)
    expected = np.array([0.5 / 0.8, 0.3 / 0.1, 0.2 / 0.1])
    np.testing.assert_allclose(np.exp(scores), [expected / expected.sum()] * 3)
    contexts = [
        one.prompt[: -len(TASK.render_prompt(question, TOKENIZER))]
        for one, question in zip(found.asked, QUESTIONS, strict=True)
    ]
    expected = [
        TOKENIZER.decode(context) + TASK.prompt({"text": text}) for context in contexts for text in CONTENT_FREE
    ]
    assert asked[3:] == list(dict.fromkeys(expected))
    plain = asking(by="likelihood").label_scores(score)
    np.testing.assert_allclose(plain, np.log([[5e-4, 3e-4, 2e-4]] * 3))
