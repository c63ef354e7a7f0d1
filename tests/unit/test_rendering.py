import pytest
from tokenizers.processors import TemplateProcessing

from medtune.config import MadeModel
from medtune.models.made import EOS
from medtune.models.rendering import render, render_prompt
from tests.unit.tiny_model import build_untrained


@pytest.fixture
def tokenizer():
    return build_untrained(MadeModel(source="made", hidden_size=32, layers=1, heads=2, vocabulary=300))[1]


def test_the_prompt_in_training_is_the_prompt_in_serving(tokenizer):
    assert render("Q: why?\nA:", " Yes.", tokenizer).prompt == render_prompt("Q: why?\nA:", tokenizer)


def test_a_completion_ends_with_one_eos(tokenizer):
    completion = render("Q: why?\nA:", " Yes.", tokenizer).completion
    assert completion.count(tokenizer.eos_token_id) == 1
    assert completion[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(completion[:-1]) == " Yes."


def test_a_special_token_in_the_data_is_plain_text(tokenizer):
    text = f"Q: is {EOS} harmful?\nA:"
    rendered = render(text, f" No {EOS}.", tokenizer)
    assert tokenizer.eos_token_id not in rendered.prompt
    assert rendered.completion.count(tokenizer.eos_token_id) == 1
    assert tokenizer.decode(rendered.prompt) == text


def test_bos_is_kept_and_eos_after_a_prompt_is_cut_off(tokenizer):
    plain = render_prompt("Q: why?", tokenizer)
    pad = tokenizer.pad_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{tokenizer.pad_token} $A {EOS}",
        special_tokens=[(tokenizer.pad_token, pad), (EOS, tokenizer.eos_token_id)],
    )
    assert render_prompt("Q: why?", tokenizer) == [pad, *plain]
