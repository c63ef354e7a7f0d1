"""Masked words: which subwords are hidden, and a loss that looks at those alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import ModernBertConfig, ModernBertForMaskedLM

from medtune.alignment import Layout, SubwordDocument
from medtune.errors import InputError
from medtune.models.loading import load_to_guess
from medtune.training.masked_words import mask_windows, score_asked
from medtune.training.preflight import IGNORED
from tests.unit.tiny_tagger import toy_study

BEFORE, AFTER, MASK, VOCABULARY = 2, 3, 4, 50
LAYOUT = Layout(20, 0, [BEFORE], [AFTER])


def rows_of(words, each=3):
    return LAYOUT.rows([SubwordDocument([[10 + number % 30] * each for number in range(words)], sentences=[0])])


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_only_text_is_masked_and_every_window_asks_for_something(words, share, seed):
    rows = rows_of(words)
    masked = mask_windows(rows, 1, share, MASK, VOCABULARY, np.random.default_rng(seed))
    assert len(masked) == len(rows)
    for row, ids, labels in zip(rows, masked.input_ids, masked.labels, strict=True):
        assert len(ids) == len(labels) == len(row.input_ids)
        assert (ids[0], ids[-1], labels[0], labels[-1]) == (BEFORE, AFTER, IGNORED, IGNORED)
        assert any(label != IGNORED for label in labels)
        for was, now, label in zip(row.input_ids, ids, labels, strict=True):
            assert label in (IGNORED, was)
            assert now == was or label == was


def test_shares_are_those_of_bert():
    rows = rows_of(6000)
    masked = mask_windows(rows, 1, 0.2, MASK, VOCABULARY, np.random.default_rng(0))
    was, now, labels = (
        np.concatenate(part) for part in ([row.input_ids for row in rows], masked.input_ids, masked.labels)
    )
    asked = labels != IGNORED
    assert asked.sum() / (was > AFTER).sum() == pytest.approx(0.2, abs=0.01)
    assert (now[asked] == MASK).mean() == pytest.approx(0.8 + 0.1 / VOCABULARY, abs=0.02)
    assert (now[asked] == was[asked]).mean() == pytest.approx(0.1 + 0.1 / VOCABULARY, abs=0.02)


def test_the_loss_is_that_of_the_whole_head(tmp_path):
    base = toy_study(tmp_path) / "base"
    whole, tokenizer = load_to_guess(base, 1)
    sparse = score_asked(load_to_guess(base, 1)[0], base)
    ids = torch.randint(5, len(tokenizer), (3, 9), generator=torch.Generator().manual_seed(0))
    mask, labels = torch.ones_like(ids), torch.full_like(ids, IGNORED)
    labels[0, 2], labels[1, 5], labels[1, 6], labels[2, 1] = 7, 8, 9, 10
    expected = whole.eval()(input_ids=ids, attention_mask=mask, labels=labels).loss
    sparse.eval()
    assert torch.allclose(sparse(input_ids=ids, attention_mask=mask, labels=labels)["loss"], expected, atol=1e-5)
    shared = sparse(input_ids=ids, attention_mask=mask, labels=labels, num_items_in_batch=8)["loss"]
    assert torch.allclose(shared, expected / 2, atol=1e-5)


def test_a_head_in_several_parts_is_refused():
    config = ModernBertConfig(
        vocab_size=60, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, pad_token_id=0
    )
    with pytest.raises(InputError, match=r"^modern: its head for masked words is not one module, as BERT's is"):
        score_asked(ModernBertForMaskedLM(config), "modern")
