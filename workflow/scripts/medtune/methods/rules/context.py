"""Negated and uncertain mentions, by medspaCy's ConText (Eyre et al. 2021; Harkema et al. 2009).

medspaCy asks for other versions of numpy and pydantic than the rest of the project, so it has an environment of its own
(envs/context.yaml).
"""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass

from medtune.data.words import sentence_starts, words_of
from medtune.errors import InputError

GROUP = "mentions"


@dataclass(frozen=True)
class Cues:
    """What the words around a mention say of it."""

    negated: bool
    uncertain: bool


class ConText:
    """medspaCy's ConText with its own rules for English. A cue holds within its sentence."""

    def __init__(self) -> None:
        """Raises InputError where medspaCy is not installed."""
        try:
            import medspacy.context  # noqa: F401
            import spacy
        except ImportError as error:
            raise InputError(
                "assertions: medspaCy is not installed here; run with conda environments (--sdm conda), or leave out "
                "`assertions`"
            ) from error
        self.versions = {name: importlib.metadata.version(name) for name in ("medspacy", "spacy")}
        self._language = spacy.blank("en")
        options = {"input_span_type": "group", "span_group_name": GROUP}
        self._pipe = self._language.add_pipe("medspacy_context", config=options)

    def cues(self, text: str, mentions: Sequence[tuple[int, int]]) -> list[Cues]:
        """Cues of each mention, in their order. mentions: start and end in characters, end exclusive."""
        document = self._language.make_doc(text)
        words = words_of(text)
        starts = {words[first].start for first in sentence_starts(text, words)}
        for token in document:
            token.is_sent_start = token.i == 0 or any(
                position in starts for position in range(token.idx, token.idx + len(token))
            )
        spans = [document.char_span(start, end, alignment_mode="expand") for start, end in mentions]
        document.spans[GROUP] = spans
        self._pipe(document)
        return [Cues(span._.is_negated, span._.is_uncertain) for span in document.spans[GROUP]]
