"""MACCROBAT as it was released (Caufield 2020): its license, and how to tell that a corpus is it."""

from collections.abc import Iterable

from medtune.data.annotated import AnnotatedDocument
from medtune.data.deduplication import normalise
from medtune.files import fingerprint

LICENSE = "CC BY 4.0"
_TEXTS = "239131615a5358d56ad32f0982038235ab232396a44806101579845906714a32"
"""Digest of the 200 texts of version 2."""


def is_release(documents: Iterable[AnnotatedDocument]) -> bool:
    """Whether these are the 200 texts of the release, whatever their line ends, names and folders."""
    return digest(documents) == _TEXTS


def digest(documents: Iterable[AnnotatedDocument]) -> str:
    """Digest of the normalised texts, in no order."""
    return fingerprint(sorted(normalise(document.text) for document in documents))
