"""Making a tiny base model: tokenizer, weights, pre-training."""

from pathlib import Path
from typing import Any

from medtune.config import MadeModel
from medtune.files import atomic
from medtune.models import made, made_encoder
from medtune.models.model_record import write_record
from medtune.models.pretraining import pretrain
from medtune.studies.pretraining_texts import pretraining_documents, pretraining_texts

LICENSE = "none: made from rules"
TOKENIZER_DOCUMENTS = 4000
MASKED = 0.15
"""Share of tokens that an encoder is to guess (Devlin et al. 2019)."""


def make(source: MadeModel, name: str, folder: Path) -> None:
    """Make tokenizer and model, pre-train, and save both. `folder` appears when it is complete."""
    model, tokenizer, history = (_encoder if source.architecture == "bert" else _causal)(source)
    with atomic(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        loss = history[-1]["loss"] if history else None
        write_record(temporary, name, source.model_dump(), LICENSE, pretraining_loss=loss)


def _causal(source: MadeModel) -> tuple[Any, Any, list[dict]]:
    """Model, tokenizer and the course of the loss."""
    documents = pretraining_documents(source.text, source.seed)
    tokenizer = made.train_tokenizer(documents[:TOKENIZER_DOCUMENTS], source.vocabulary)
    model = made.untrained_model(source, tokenizer)
    return model, tokenizer, pretrain(model, made.pretraining_sequences(documents, tokenizer, source), source)


def _encoder(source: MadeModel) -> tuple[Any, Any, list[dict]]:
    """The same of an encoder."""
    from transformers import DataCollatorForLanguageModeling

    documents = pretraining_texts(source.seed)
    tokenizer = made_encoder.make_tokenizer(documents, source.vocabulary)
    model = made_encoder.untrained_encoder(source, tokenizer)
    collate = DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=MASKED)
    sequences = made_encoder.pretraining_sequences(documents, tokenizer, source)
    return model, tokenizer, pretrain(model, sequences, source, collate)
