import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.config import Training
from medtune.errors import InputError
from medtune.models.rendering import Rendered
from medtune.studies.meerkat.template import MeerkatTask
from medtune.studies.radgraph.template import RadGraphTask
from medtune.studies.relations.template import RelationsTask
from medtune.studies.yesno.template import YesNoTask
from medtune.training.preflight import IGNORED, check_answer_limit, check_rows, make_plan, truncate

BOS, EOS = 1, 2
TOKENIZER = SimpleNamespace(bos_token_id=BOS, eos_token_id=EOS)
tokens = st.integers(3, 99)


def test_only_the_completion_has_labels():
    rows = check_rows([Rendered([BOS, 5, 6], [7, EOS])], 16, TOKENIZER, "train.jsonl")
    assert rows.input_ids == [[BOS, 5, 6, 7, EOS]]
    assert rows.labels == [[IGNORED, IGNORED, IGNORED, 7, EOS]]
    assert rows.answer_lengths() == [2]
    assert rows.truncated == 0


def test_a_long_prompt_is_cut_at_its_left_and_keeps_bos_and_completion():
    rows = check_rows([Rendered([BOS, 5, 6, 7, 8], [9, EOS]), Rendered([BOS, 5], [9, EOS])], 5, TOKENIZER, "train")
    assert rows.input_ids[0] == [BOS, 7, 8, 9, EOS]
    assert rows.truncated == 1


@given(st.lists(tokens, min_size=1, max_size=30), st.lists(tokens, max_size=8), st.integers(2, 40), st.booleans())
def test_truncation_keeps_the_end_of_the_prompt_and_the_whole_completion(prompt, answer, max_tokens, with_bos):
    row = Rendered([BOS, *prompt] if with_bos else prompt, [*answer, EOS])
    try:
        cut = truncate(row, max_tokens, BOS)
    except ValueError:
        assert len(row.completion) >= max_tokens
        return
    assert len(cut.prompt) + len(cut.completion) == min(max_tokens, len(row.prompt) + len(row.completion))
    assert cut.completion == row.completion
    assert cut.prompt
    assert (cut.prompt[0] == BOS) == with_bos
    kept = len(cut.prompt) - with_bos
    assert cut.prompt[with_bos:] == prompt[len(prompt) - kept :]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Rendered([BOS, 5], []), "train.jsonl, record 2: the completion is empty"),
        (Rendered([], [7, EOS]), "train.jsonl, record 2: the prompt is empty"),
        (Rendered([BOS, 5], [7]), "train.jsonl, record 2: the completion does not end with EOS"),
        (Rendered([BOS, BOS, 5], [7, EOS]), "train.jsonl, record 2: begins with two BOS tokens"),
        (Rendered([BOS, 5], [7] * 15 + [EOS]), "its completion has 16 tokens and must be shorter than max_tokens = 16"),
    ],
)
def test_a_row_that_would_teach_the_wrong_thing_is_refused_by_number(row, sentence):
    with pytest.raises(InputError, match=sentence):
        check_rows([Rendered([BOS, 5], [7, EOS]), row], 16, TOKENIZER, "train.jsonl")


def test_weights_of_a_completion_stay_with_it_when_its_prompt_is_cut():
    rows = check_rows([Rendered([BOS, 5, 6, 7, 8], [9, EOS], [3.0, 0.5])], 5, TOKENIZER, "train")
    assert rows.weights == [[0, 0, 0, 3.0, 0.5]]


def test_rows_without_weights_weigh_one_beside_others_that_have_some():
    plain, weighted = Rendered([BOS, 5], [7, EOS]), Rendered([BOS, 5], [7, EOS], [2.0, 3.0])
    assert check_rows([plain, weighted], 16, TOKENIZER, "train").weights == [[0, 0, 1, 1], [0, 0, 2, 3]]
    assert check_rows([plain, plain], 16, TOKENIZER, "train").weights is None


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1.0], "record 1: 1 loss weights for 2 tokens of the completion; expected one for each"),
        ([1.0, 0.0], "record 1: a loss weight is 0.0; expected a positive number"),
        ([-1.0, 1.0], "record 1: a loss weight is -1.0"),
        ([1.0, math.inf], "record 1: a loss weight is inf"),
        ([math.nan, 1.0], "record 1: a loss weight is nan"),
    ],
)
def test_loss_weights_are_one_positive_number_for_each_token(weights, sentence):
    with pytest.raises(InputError, match=sentence):
        check_rows([Rendered([BOS, 5], [7, EOS], weights)], 16, TOKENIZER, "train.jsonl")


def test_where_answers_are_of_whole_prompts_a_row_that_does_not_fit_is_left_out_and_counted():
    rows = [Rendered([BOS, 5, 6], [7, EOS]), Rendered([BOS, 5, 6, 8], [7, EOS]), Rendered([BOS], [7] * 9 + [EOS])]
    found = check_rows(rows, 5, TOKENIZER, "train", whole_prompts=True)
    assert (found.input_ids, found.truncated, found.left_out) == ([[BOS, 5, 6, 7, EOS]], 0, 2)
    assert check_rows(rows[:2], 5, TOKENIZER, "train").truncated == 1
    with pytest.raises(InputError, match=r"train: none of 2 rows fits into max_tokens = 5.*the shortest has 6 tokens"):
        check_rows(rows[1:], 5, TOKENIZER, "train", whole_prompts=True)


@pytest.mark.parametrize(
    ("task", "left_out"), [(RadGraphTask, True), (RelationsTask, True), (YesNoTask, False), (MeerkatTask, False)]
)
def test_studies_that_list_what_a_text_holds_leave_out_rows_that_would_lose_a_part_of_it(task, left_out):
    rows = [Rendered([BOS, 5], [7, EOS]), Rendered([BOS, 5, 6], [7, EOS])]
    found = check_rows(rows, 4, TOKENIZER, "train", task.whole_prompts)
    assert (found.left_out, found.truncated) == ((1, 0) if left_out else (0, 1))


def answers(*lengths):
    """Rows whose answers have so many tokens, EOS included."""
    return check_rows([Rendered([5], [7] * (length - 1) + [EOS]) for length in lengths], 64, TOKENIZER, "train")


def test_gold_answers_that_cannot_be_generated_are_counted_in_the_log(caplog):
    check_answer_limit(answers(*[10] * 19, 30), 10, 0.05, "train.jsonl")
    (message,) = caplog.messages
    assert message.startswith("train.jsonl: 1 of 20 gold answers have more tokens than generation.max_new_tokens = 10")
    assert message.endswith("the longest has 30")
    caplog.clear()
    check_answer_limit(answers(9, 10), 10, 0.0, "train.jsonl")
    assert not caplog.messages


def test_more_of_them_than_the_share_that_may_be_longer_are_refused():
    with pytest.raises(InputError, match=r"train\.jsonl: 2 of 20 gold answers .* the longest has 12; raise it, or"):
        check_answer_limit(answers(*[10] * 18, 11, 12), 10, 0.05, "train.jsonl")


def test_no_rows_are_refused():
    with pytest.raises(InputError, match=r"validation\.jsonl: no examples"):
        check_rows([], 16, TOKENIZER, "validation.jsonl")


def test_a_model_without_bos_needs_none():
    tokenizer = SimpleNamespace(bos_token_id=None, eos_token_id=EOS)
    assert check_rows([Rendered([5, 5], [7, EOS])], 16, tokenizer, "train").input_ids == [[5, 5, 7, EOS]]


def test_the_paper_settings_give_93_steps():
    plan = make_plan(Training(epochs=5.5, batch_size=4, accumulation=4), rows=264)
    assert (plan.per_device, plan.accumulation, plan.effective, plan.steps) == (4, 4, 16, 93)


@given(
    st.integers(1, 12), st.integers(1, 6), st.integers(1, 4), st.integers(1, 64), st.integers(1, 500), st.floats(0.1, 9)
)
def test_memory_and_devices_change_neither_effective_batch_nor_steps(batch, share, processes, divisor, rows, epochs):
    settings = Training(batch_size=batch, accumulation=share * processes, epochs=epochs)
    plan = make_plan(settings, rows, divisor, processes)
    assert plan.per_device * plan.accumulation * plan.processes == plan.effective == batch * share * processes
    assert 1 <= plan.per_device <= batch
    assert plan.steps == make_plan(settings, rows).steps >= 1


def test_a_divisor_that_does_not_divide_the_batch_falls_to_one_that_does():
    plan = make_plan(Training(batch_size=6, accumulation=1), rows=10, batch_divisor=4)
    assert (plan.per_device, plan.accumulation) == (2, 3)


def test_max_steps_limits_and_one_step_is_the_least():
    assert make_plan(Training(epochs=5.5, max_steps=20), rows=264).steps == 20
    assert make_plan(Training(epochs=0.5), rows=3).steps == 1


def test_gpus_that_do_not_divide_the_accumulation_are_refused():
    with pytest.raises(InputError, match=r"accumulation = 4: must be a multiple of the number of GPUs \(3\)"):
        make_plan(Training(accumulation=4), rows=10, processes=3)
