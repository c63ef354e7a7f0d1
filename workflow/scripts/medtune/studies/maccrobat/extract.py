"""Entities in the user's own notes, by the exported tagger, with what may go without review. See `annotation`."""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from medtune.data.report_sources import NewReport, SkippedReport, Source, read_reports
from medtune.files import read_json, sha256_of, write_json
from medtune.inference.progress import Journal
from medtune.methods.new_texts import Survey, changed, finished_work, new_only, one_piece, survey, with_entries
from medtune.models.tagger_files import TAGGER_FILE
from medtune.studies.maccrobat.analysis.readiness import ReviewRule
from medtune.studies.maccrobat.extraction_files import Entity, Extraction, Outputs, write_extractions

logger = logging.getLogger(__name__)

DETERMINING = ("config.json", "model.safetensors", "tokenizer.json", TAGGER_FILE)
"""Files of the tagger's folder that its tags depend on."""


class Job(BaseModel):
    """What an extraction is made of. tagger: the exported folder. readiness: readiness.json of the same run.
    chunk: notes that are tagged, and kept, together. page_notes: most notes on the page. batch_tokens: changes speed
    only."""

    notes: Source
    tagger: Path
    readiness: Path
    batch_tokens: int = Field(ge=1)
    chunk: int = Field(64, ge=1)
    page_notes: int = Field(100, ge=1)


Tag = Callable[[Sequence[str]], Sequence[dict[str, Any]]]
"""From texts to what the journal keeps of each: `entities`, fields of `Entity` in their order; and `least`, the least
raw and calibrated confidence of all its words."""


def extract(job: Job, outputs: Outputs, state: Path, load: Callable[[Job], Tag] | None = None) -> None:
    """Find the entities of all notes, or resume a killed attempt, and write the files.

    state: folder for unfinished work, removed when the files are written. load: how the model is loaded, `tagger_of` by
    default. The same job gives the same files, killed or not.
    Raises InputError for faulty notes (before the first is tagged) and when the state is in use by another job.
    """
    found = survey(read_reports(job.notes), one_piece, job.notes)
    rule = review_rule(read_json(job.readiness)["recommendation"])
    record = {
        "source": {**dataclasses.asdict(job.notes), "sha256": found.sha256},
        "tagger": {name: sha256_of(job.tagger / name) for name in DETERMINING},
        "chunk": job.chunk,
    }

    def loaded() -> Callable[[list[NewReport]], list]:
        tag = (load or tagger_of)(job)
        return lambda chunk: list(tag([note.text for note in chunk]))

    notes = new_only(read_reports(job.notes))
    with finished_work(state, record, found.pieces, job.chunk, notes, loaded, "notes") as journal:
        labels = read_json(job.tagger / "tags.json")["tiers"]
        counts = write_extractions(_extractions(job.notes, found, journal), outputs, labels, rule, job.page_notes)
        write_json(outputs.record, {**record, "review": dataclasses.asdict(rule), **counts})
    logger.info("%s", counts)


def review_rule(recommendation: dict[str, Any]) -> ReviewRule:
    """What the assessment of readiness lets go without review. recommendation: of readiness.json."""
    return ReviewRule(
        mode=recommendation["mode"],
        confidence=recommendation["confidence"],
        threshold=recommendation["document_threshold"],
        entity_threshold=recommendation["judged_at"],
        types=tuple(recommendation["automatic_types"]),
    )


def tagger_of(job: Job) -> Tag:
    """The exported tagger, as it was evaluated."""
    from medtune.methods.encoder.tagger import Tagger

    tagger = Tagger.load(job.tagger, batch_tokens=job.batch_tokens)

    def tag(texts: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {
                "entities": [list(entity) for entity in tagged.entities],
                "least": [min(tagged.words.confidence, default=1.0), min(tagged.words.calibrated, default=1.0)],
            }
            for tagged in tagger.tag(texts)
        ]

    return tag


def _extractions(source: Source, found: Survey, journal: Journal) -> Iterator[Extraction | SkippedReport]:
    """All notes with what the journal holds for them. Raises InputError when they are not those of the survey."""
    for item in with_entries(read_reports(source), journal, one_piece, found, source):
        if isinstance(item, SkippedReport):
            yield item
            continue
        note, (entry,) = item
        entities = tuple(Entity(*fields) for fields in entry["entities"])
        if any(entity.end > len(note.text) for entity in entities):
            raise changed(source)
        yield Extraction(note.id, note.text, entities, *entry["least"])
