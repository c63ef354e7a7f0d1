"""Loading tokenizers so that a cased vocabulary is not lower-cased in silence."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

CASED_SHARE = 0.01
"""A vocabulary is cased where more than this share of its entries has a capital: of BERT's it is about 0.4, of an
uncased one 0."""


def tokenizer_of(folder: Path, **options: Any) -> Any:
    """The tokenizer of a folder, with options of `from_pretrained`.

    transformers 5 gives BERT's tokenizer `do_lower_case=True` wherever tokenizer_config.json does not set it, whatever
    vocabulary and tokenizer.json say. Here tokenizer.json decides in that case, and without it the vocabulary: a cased
    one is not lower-cased. The log says so, and it warns where a cased vocabulary is lower-cased since its files ask
    for it.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **options)
    if not _lower_cases(tokenizer):
        return tokenizer
    asked = _asked_case(Path(folder))
    cased = is_cased(tokenizer.get_vocab(), tokenizer.all_special_tokens)
    if asked:
        if cased:
            logger.warning("%s: the vocabulary is cased, and its tokenizer files ask for lower case", folder)
        return tokenizer
    if asked is None and not cased:
        return tokenizer
    reason = "the vocabulary is cased" if asked is None else "tokenizer.json keeps capitals"
    logger.warning("%s: tokenizer_config.json sets no do_lower_case; false is taken, since %s", folder, reason)
    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, do_lower_case=False, **options)


def is_cased(pieces: Iterable[str], special: Iterable[str] = ()) -> bool:
    """Whether a vocabulary has entries with capitals; special ones and those in brackets ("[unused1]") do not count."""
    left_out = set(special)
    words = [piece for piece in pieces if piece not in left_out and not (piece[:1] == "[" and piece[-1:] == "]")]
    return sum(piece != piece.lower() for piece in words) > CASED_SHARE * len(words)


def _lower_cases(tokenizer: Any) -> bool:
    """Whether a capital becomes a small letter."""
    normalizer = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    if normalizer is None:
        return False
    return normalizer.normalize_str("A") == "a"


def _asked_case(folder: Path) -> bool | None:
    """Whether the files of a tokenizer ask for lower case; None where they do not say."""
    settings = _object(folder / "tokenizer_config.json")
    if isinstance(settings.get("do_lower_case"), bool):
        return settings["do_lower_case"]
    content = folder / "tokenizer.json"
    if not content.is_file():
        return None
    from tokenizers import Tokenizer

    normalizer = Tokenizer.from_file(str(content)).normalizer
    return normalizer is not None and normalizer.normalize_str("A") == "a"


def _object(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one for a file that is not there."""
    return json.loads(path.read_text(encoding="utf-8-sig")) if path.is_file() else {}
