"""What studies share that annotate new texts of the user's.

The texts are read three times, one after the other: to check them before hours of work, to do the work in chunks that a
killed job finds again, and to write the files. So neither their number nor their length is limited by memory.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field

from medtune.config import Generation
from medtune.data.report_sources import NewReport, SkippedReport, Source
from medtune.errors import InputError
from medtune.files import fingerprint
from medtune.inference.progress import Journal
from medtune.kinds.task import Task
from medtune.methods.adapter.folder import adapter_hashes
from medtune.models.model_record import read_record
from medtune.state import open_state
from medtune.versions import library_versions

logger = logging.getLogger(__name__)

DONE = "done.jsonl"
UNREADABLE = "the answer cannot be read"
READ_IN_PART = "the answer was read in part"

Piece = TypeVar("Piece")
Texts = Iterable[NewReport | SkippedReport]


class AnnotationJob(BaseModel):
    """What every annotation is made of. chunk: pieces of work that are done, and kept, together."""

    base: Path
    settings: Generation
    seed: int
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True
    chunk: int = Field(512, ge=1)


@dataclass(frozen=True)
class Survey:
    """What a source holds. pieces: of work, in all texts. sha256: of all ids and texts."""

    texts: int
    pieces: int
    sha256: str


def survey(texts: Texts, pieces_of: Callable[[NewReport], int], source: Source) -> Survey:
    """Read all texts once. pieces_of: how many pieces of work a text makes.

    Raises InputError for any fault, and when not one of them has text.
    """
    digest = hashlib.sha256()
    count = pieces = 0
    for item in texts:
        digest.update(_identity(item))
        if isinstance(item, NewReport):
            count += 1
            pieces += pieces_of(item)
    if not count:
        raise InputError(f"{source.path}: no report with text; expected at least one")
    return Survey(count, pieces, digest.hexdigest())


def one_piece(text: NewReport) -> int:
    """For `survey` and `with_entries` where a text is one piece of work."""
    return 1


def new_only(texts: Texts) -> Iterator[NewReport]:
    """The texts that can be worked on."""
    return (item for item in texts if isinstance(item, NewReport))


@contextlib.contextmanager
def finished_work(
    state: Path,
    record: dict[str, Any],
    total: int,
    chunk: int,
    pieces: Iterator[Piece],
    load: Callable[[], Callable[[list[Piece]], list]],
    unit: str,
) -> Iterator[Journal]:
    """The journal, all chunks being done, now or by a killed attempt. The state is removed when the body succeeds.

    record: all that determines the work. total: number of pieces. load: gives the work on a chunk, see
    `work_in_chunks`; not called when nothing is left to do.
    Raises InputError when the state is in use by another job.
    """
    with open_state(state, fingerprint(record)) as held:
        journal = Journal(held.folder / DONE)
        chunks = -(-total // chunk)
        if journal.length < chunks:
            work_in_chunks(pieces, chunk, load(), journal, chunks, unit)
        yield journal
        held.remove()


def work_in_chunks(
    pieces: Iterator[Piece], size: int, work: Callable[[list[Piece]], list], journal: Journal, chunks: int, unit: str
) -> None:
    """Do the chunks that the journal does not hold yet.

    pieces: all of them, done or not. work: from a chunk to its entry in the journal, a list of as many values. chunks:
    how many there are. unit: what is counted, for the log.
    """
    if journal.length:
        logger.info("%d of %d chunks are done already", journal.length, chunks)
        next(islice(pieces, journal.length * size - 1, None))
    start = time.perf_counter()
    done = 0
    while chunk := list(islice(pieces, size)):
        journal.append(work(chunk))
        done += len(chunk)
        speed = done / (time.perf_counter() - start)
        logger.info("chunk %d of %d: %.1f %s/s", journal.length, chunks, speed, unit)


def with_entries(
    texts: Texts, journal: Iterable[list], pieces_of: Callable[[NewReport], int], found: Survey, source: Source
) -> Iterator[tuple[NewReport, list] | SkippedReport]:
    """All texts, each with the values that the journal's chunks hold for its pieces.

    Raises InputError, at the end at the latest, when the texts are not those of the survey any more.
    """
    digest = hashlib.sha256()
    entries = chain.from_iterable(journal)
    for item in texts:
        digest.update(_identity(item))
        if isinstance(item, SkippedReport):
            yield item
            continue
        pieces = pieces_of(item)
        given = list(islice(entries, pieces))
        if len(given) < pieces:
            raise changed(source)
        yield item, given
    if digest.hexdigest() != found.sha256:
        raise changed(source)


def changed(source: Source) -> InputError:
    """What is said when texts are not what they were when they were annotated."""
    return InputError(f"{source.path}: the reports changed while they were annotated; run again")


def record_of(job: AnnotationJob, source: Source, found: Survey, adapters: dict[str, Any]) -> dict[str, Any]:
    """All that determines annotations, for a fingerprint and for the user. Batch sizes are not among it: they only
    change rounding. adapters: as `adapter_record` gives each."""
    base = read_record(job.base)
    return {
        "source": {**dataclasses.asdict(source), "sha256": found.sha256},
        "base_model": base["name"],
        "base_fingerprint": base["fingerprint"],
        **adapters,
        "settings": job.settings.model_dump(mode="json", exclude={"batch_tokens"}),
        "quantization": [job.quantization, job.double_quantization],
        "seed": job.seed,
        "chunk": job.chunk,
        "versions": library_versions(),
    }


def adapter_record(adapter: Path, task: Task) -> dict[str, str]:
    """What identifies an adapter and the template that it is used with."""
    return {"template_hash": task.template_hash, **adapter_hashes(adapter)}


def fits(prompt: Sequence[int], model: Any, settings: Generation) -> bool:
    """Whether a prompt and its answer fit the positions that the model was made for."""
    context = context_of(model)
    return context is None or len(prompt) + settings.max_new_tokens <= context


def context_of(model: Any) -> int | None:
    """Number of positions that a model was made for, where it says so."""
    return getattr(model.config, "max_position_embeddings", None)


def generate_fitting(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[int]],
    settings: Generation,
    seed: int,
    constrain: Callable[[Sequence[int]], Any] | None = None,
) -> list[Any]:
    """The answer (`Generated`) to each prompt, None for one that does not fit the model.

    constrain: as of `generate`, for indices of `prompts`.
    """
    from medtune.inference.generation import generate

    places = [place for place, prompt in enumerate(prompts) if fits(prompt, model, settings)]
    chosen = [prompts[place] for place in places]
    held = constrain and (lambda rows: constrain([places[row] for row in rows]))
    answers = dict(zip(places, generate(model, tokenizer, chosen, settings, seed, constrain=held), strict=True))
    return [answers.get(place) for place in range(len(prompts))]


def _identity(item: NewReport | SkippedReport) -> bytes:
    """What the digest of a source takes of a text."""
    return json.dumps(dataclasses.asdict(item)).encode() + b"\n"
