"""METEOR (Lavie and Agarwal 2007) as NLTK computes it: exact words, then stems, then WordNet's synonyms."""

import logging
from collections.abc import Sequence
from importlib.metadata import version

from nltk.translate.meteor_score import single_meteor_score
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from medtune.metrics.text.metric_scores import MetricScores, mean_of
from medtune.metrics.text.names import METEOR, METEOR_WITHOUT_SYNONYMS
from medtune.metrics.text.wordnet import HOW_TO_GET, find_wordnet

logger = logging.getLogger(__name__)


class _NoSynonyms:
    """Stands in for WordNet where it is not there: no word has a meaning."""

    def synsets(self, word: str) -> list:
        return []


def meteor(
    predictions: Sequence[str], references: Sequence[str], wordnet: str | None = None
) -> dict[str, MetricScores]:
    """METEOR, from 0 to 1, under a name that tells whether synonyms counted; the corpus figure is the mean over items.

    wordnet: folder of WordNet's dictionary files; None looks where they usually are, see `find_wordnet`.
    A text equal to its reference scores a little less than 1, a single word 0.5: so METEOR's penalty is defined.
    """
    reader = find_wordnet(wordnet)
    if reader is None:
        logger.warning("METEOR without synonyms: WordNet is not on this machine (to get it: %s)", HOW_TO_GET)
    tokenize = Tokenizer13a()
    synonyms = reader or _NoSynonyms()
    items = [
        single_meteor_score(tokenize(reference).split(), tokenize(prediction).split(), wordnet=synonyms)
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    source = f"synonyms of WordNet {reader.get_version()}" if reader else "no synonyms, WordNet is not there"
    definition = f"mean METEOR, 0 to 1: tokens 13a, lower case, Porter stems, {source}; nltk {version('nltk')}"
    return {METEOR if reader else METEOR_WITHOUT_SYNONYMS: mean_of(items, definition)}
