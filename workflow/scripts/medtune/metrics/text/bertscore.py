"""BERTScore (Zhang et al. 2020): the texts' tokens matched by the similarity of their contextual embeddings."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.files import read_text
from medtune.metrics.text.metric_scores import MetricScores, mean_of
from medtune.metrics.text.names import BERTSCORE

UNLIMITED = 1_000_000
"""A tokenizer that knows no longest text says a number far above this one."""


HELD = 256
"""Pairs of texts whose embeddings are held at a time: 1 GB for texts of 512 tokens and a width of 1024."""


@dataclass(frozen=True)
class BertScoreSettings:
    """folder: an encoder of BERT's family (BERT, RoBERTa, DeBERTa ...) with its tokenizer. name: how it is known;
    bert-score looks for its baseline by this name. layer: whose output is compared, 1 or more. rescale: stretch the
    scores so that unrelated texts get about 0 (bert-score's baselines for English). baseline: a file in bert-score's
    layout instead of its own. batch_size: texts at a time; changes speed only. device: None takes the GPU
    where there is one."""

    folder: str
    name: str
    layer: int
    rescale: bool = False
    baseline: str | None = None
    batch_size: int = 32
    device: str | None = None


def bertscore(
    predictions: Sequence[str], references: Sequence[str], settings: BertScoreSettings
) -> dict[str, MetricScores]:
    """Precision, recall and F1; the corpus figure is the mean over items.

    A text without tokens scores 0 before rescaling, as bert-score means it. Longer texts than the encoder takes are
    cut at the end. Raises InputError when the layer or the baseline is not there.
    """
    baseline = _baseline(settings) if settings.rescale else np.zeros(len(BERTSCORE))
    scores = (_raw_scores(predictions, references, settings) - baseline) / (1 - baseline)
    scale = "rescaled with baseline" if settings.rescale else "not rescaled"
    definition = (
        f"mean BERTScore: {settings.name}, layer {settings.layer}, no idf weights, {scale};"
        f" bert-score {version('bert-score')}, transformers {version('transformers')}"
    )
    return {name: mean_of(column, definition, unbounded=True) for name, column in zip(BERTSCORE, scores.T, strict=True)}


def _raw_scores(predictions: Sequence[str], references: Sequence[str], settings: BertScoreSettings) -> np.ndarray:
    """(n, 3) precision, recall and F1."""
    scores = np.zeros((len(predictions), len(BERTSCORE)))
    pairs = list(zip(predictions, references, strict=True))
    model, tokenizer, device = _load(settings)
    lengths = _lengths([*predictions, *references], tokenizer)
    scored = [n for n, pair in enumerate(pairs) if all(lengths[text] for text in pair)]
    for start in range(0, len(scored), HELD):
        rows = scored[start : start + HELD]
        # Texts of like length share a batch; always the same ones, so that the scores are the same to the last digit.
        texts = sorted({text for n in rows for text in pairs[n]}, key=lambda text: (-lengths[text], text))
        embedded = _embed(texts, model, tokenizer, device, settings.batch_size)
        for n in rows:
            scores[n] = _match(*(embedded[text] for text in pairs[n]))
    return scores


def _embed(texts: list[str], model: Any, tokenizer: Any, device: str, batch_size: int) -> dict[str, tuple]:
    """By text: the embeddings of its tokens (1, tokens, width), mask and weights (1, tokens), by bert-score."""
    from bert_score.utils import get_bert_embedding

    weights = defaultdict(lambda: 1.0, {tokenizer.sep_token_id: 0.0, tokenizer.cls_token_id: 0.0})
    embedded = {}
    for start in range(0, len(texts), batch_size):
        batch = texts[start : start + batch_size]
        embeddings, masks, importance = get_bert_embedding(batch, model, tokenizer, weights, device=device)
        for row, text in enumerate(batch):
            tokens = int(masks[row].sum())
            # Copies: a view would keep the whole padded batch.
            embedded[text] = tuple(
                part[row : row + 1, :tokens].cpu().clone() for part in (embeddings, masks, importance)
            )
    return embedded


def _match(prediction: tuple, reference: tuple) -> np.ndarray:
    """(3,) precision, recall and F1 of two texts, by bert-score."""
    from bert_score.utils import greedy_cos_idf

    # Copies, since bert-score normalises in place.
    clones = [part.clone() for part in (*reference, *prediction)]
    return np.array([float(figure) for figure in greedy_cos_idf(*clones)])


def _lengths(texts: Sequence[str], tokenizer: Any) -> dict[str, int]:
    """By text, its tokens without special ones; a blank text has none."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return {}
    ids = tokenizer([text.strip() for text in distinct], add_special_tokens=False, verbose=False)["input_ids"]
    return {text: len(row) for text, row in zip(distinct, ids, strict=True)}


def _load(settings: BertScoreSettings) -> tuple[Any, Any, str]:
    """The encoder up to the layer, its tokenizer, and the device they are for."""
    import torch
    from transformers import AutoModel

    from medtune.models.loading import check_weights
    from medtune.models.tokenizers import tokenizer_of

    # What looks like a special token in an answer is plain text; bert-score would give it no weight.
    tokenizer = tokenizer_of(Path(settings.folder), split_special_tokens=True)
    model, loaded = AutoModel.from_pretrained(
        settings.folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32, output_loading_info=True
    )
    check_weights(Path(settings.folder), loaded, new=["pooler."])
    layers = getattr(getattr(model, "encoder", None), "layer", None)
    if layers is None:
        raise InputError(f"{settings.name}: not an encoder of BERT's family, which BERTScore needs")
    if not 1 <= settings.layer <= len(layers):
        raise InputError(f"{settings.name}: no layer {settings.layer}; expected 1 to {len(layers)}")
    model.encoder.layer = layers[: settings.layer]
    if tokenizer.model_max_length > UNLIMITED:
        tokenizer.model_max_length = _positions(model)
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    return model.to(device).eval(), tokenizer, device


def _positions(model: Any) -> int:
    """Most tokens that the encoder takes. RoBERTa counts its positions from the padding index on."""
    offset = getattr(model.embeddings, "padding_idx", None)
    return model.config.max_position_embeddings - (0 if offset is None else offset + 1)


def _baseline(settings: BertScoreSettings) -> np.ndarray:
    """(3,) precision, recall and F1 of unrelated texts at the layer.

    Raises InputError when there is no such file, or it has no line for the layer.
    """
    if settings.baseline:
        path = Path(settings.baseline)
    else:
        path = Path(distribution("bert-score").locate_file(f"bert_score/rescale_baseline/en/{settings.name}.tsv"))
        if not path.is_file():
            raise InputError(f"{settings.name}: bert-score has no baseline for it; switch rescaling off or name a file")
    rows = [line.split(",") for line in read_text(path).splitlines()[1:]]
    for row in rows:
        if row[0] == str(settings.layer):
            try:
                return np.array([float(value) for value in row[1:4]]).reshape(len(BERTSCORE))
            except ValueError as error:
                raise InputError(f"{path}: the line of layer {settings.layer} has not three numbers") from error
    raise InputError(f"{path}: no line for layer {settings.layer}")
