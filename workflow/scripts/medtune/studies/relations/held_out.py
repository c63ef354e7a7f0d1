"""What synthetic validation and test documents share with what a model has read before: counted from the texts."""

from collections.abc import Iterable, Sequence
from typing import Any

from medtune.data.held_out import count_shared, sentences_of, templates_of, terms_of
from medtune.errors import InputError
from medtune.studies.relations.generator import held_out_terms
from medtune.studies.relations.listing import QUESTION
from medtune.studies.relations.wording import LEXICON

TERMS = tuple(term for terms in LEXICON.values() for term in terms)


def count_held_out(
    held_out: Sequence[str], training: Sequence[str], pretraining: Sequence[str] | None
) -> dict[str, Any]:
    """Sentences, sentence templates and held-out terms of validation and test texts, and how many of them stand in the
    training texts and in what a synthetic base model has read (None: not known). Raises InputError when some do."""
    read = {"training": _pieces(training)}
    read["pre-training"] = None if pretraining is None else _pieces(_notes(pretraining))
    counts = count_shared(_pieces(held_out), read)
    for name, kinds in counts.items():
        for kind, count in (kinds or {}).items():
            if count["shared"]:
                raise InputError(
                    f"relations: {count['shared']} of {count['held_out']} {kind} of validation and test stand in the "
                    f'{name} text, such as "{count["examples"][0]}"; expected none'
                )
    return counts


def _pieces(texts: Sequence[str]) -> dict[str, set[str]]:
    return {
        "sentences": sentences_of(texts),
        "templates": templates_of(texts, TERMS),
        "held-out terms": terms_of(texts, held_out_terms()),
    }


def _notes(documents: Iterable[str]) -> list[str]:
    """The lines of pre-training documents, without the word that begins a text to be listed."""
    return [line.removeprefix(QUESTION) for document in documents for line in document.split("\n")]
