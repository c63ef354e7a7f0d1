"""Negated and uncertain mentions: by medspaCy where envs/context.yaml is installed, else a sentence that it is not."""

import importlib.util

import pytest

from medtune.errors import InputError
from medtune.kinds.spans.task import SpanTask
from medtune.methods.rules.context import ConText, Cues
from medtune.methods.rules.fitting import fit

INSTALLED = importlib.util.find_spec("medspacy") is not None
needs_medspacy = pytest.mark.skipif(not INSTALLED, reason="needs medspaCy (envs/context.yaml)")


@pytest.mark.skipif(INSTALLED, reason="medspaCy is installed")
def test_without_medspacy_assertions_are_refused_with_a_sentence():
    task = SpanTask("notes", "{text}", ("Sign", "Absent"))
    row = {"id": "a", "text": "no gout", "entities": []}
    with pytest.raises(InputError, match="medspaCy is not installed here; run with conda environments"):
        fit("spans", task, [row], {"assertions": {"Sign": {"negated": "Absent"}}})


@needs_medspacy
def test_cues_hold_for_the_mentions_of_their_sentence():
    text = (
        "No evidence of pneumonia.\nThere is cough. Possible effusion; fracture cannot be excluded.\nDenies chest pain"
    )
    asked = {
        "pneumonia": "negated",
        "cough": None,
        "effusion": "uncertain",
        "fracture": "uncertain",
        "chest pain": "negated",
    }
    places = [(text.index(words), text.index(words) + len(words)) for words in asked]
    found = ConText().cues(text, places)
    assert found == [Cues(cue == "negated", cue == "uncertain") for cue in asked.values()]
    assert ConText().cues("Nothing.", []) == []


@needs_medspacy
def test_a_mention_within_a_token_of_spacy_is_no_fault():
    assert ConText().cues("no cough/fever today", [(3, 8), (9, 14)]) == [Cues(True, False)] * 2
