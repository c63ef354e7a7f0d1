"""Tags of a run as entities, in the form of their kind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medtune.data.bio import spans_of
from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.kinds.spans.task import SpanTask
from medtune.methods.found import Found, found_text
from medtune.methods.taken import Taken


def plain_answers(task: SpanTask, files: Mapping[str, Sequence[Path]]) -> Iterator[Taken]:
    """Entities of all documents, of the types that the task has. Confidences are calibrated ones, the least of an
    entity's words and of all words. files: as `MaccrobatJobs.taken` names them. Raises InputError where the tags are
    not those of the documents' words."""
    (predictions,) = files["predictions"]
    rows = {row["id"]: row for path in files["rows"] for row in read_jsonl(path)}
    for answer in read_jsonl(predictions):
        row = rows.get(answer["id"])
        if row is None or len(row["offsets"]) != len(answer["tags"]):
            raise InputError(f'{predictions}, id "{answer["id"]}": not the words of the data; tag again')
        found = _found(task, row["offsets"], answer)
        text = found_text(task, row, found)
        yield Taken(answer["split"], row["id"], text, None, found.confidence, part_confidences=found.all_parts)


def training_documents(files: Mapping[str, Sequence[Path]]) -> int:
    """Case reports that a tagger is trained on."""
    return sum(1 for _ in read_jsonl(files["train"][0]))


def _found(task: SpanTask, offsets: Sequence[Sequence[int]], answer: Mapping) -> Found:
    """offsets: characters of each word. answer: a row of predictions.jsonl."""
    sure = answer["calibrated"]
    spans = [span for span in sorted(spans_of(answer["tags"])) if span.label in task.types.names]
    entities = [
        {"start": offsets[span.start][0], "end": offsets[span.end - 1][1], "type": span.label} for span in spans
    ]
    return Found({"entities": entities}, min(sure, default=None), parts=[min(sure[s.start : s.end]) for s in spans])
