"""BioASQ task B: `{"questions": [{"id", "type", "body", "exact_answer", "ideal_answer", ...}]}`.

Layout: bioasq.org, "Guidelines for participants, task b". Only questions of type yesno are used.
"""

from pathlib import Path
from typing import Any

from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import read_json
from medtune.studies.yesno.questions import Fields, Origin, Question, clean, sort_out

FIELDS = Fields(question="body", label="exact_answer", rationale="ideal_answer")
YESNO = "yesno"
OTHER_TYPE = "not a yes/no question"


def read_bioasq(path: Path | str, source: str) -> tuple[list[Question], list[Dropped]]:
    """Read a BioASQ file. source: name given to the questions.

    The rationale is the first sentence of the ideal answers that says more than the label.
    Raises InputError naming file and record for anything that is not in the layout.
    """
    content = read_json(path)
    records = content.get("questions") if isinstance(content, dict) else None
    if not isinstance(records, list):
        raise InputError(f'{path}: expected a JSON object with a list "questions"')
    if not records:
        raise InputError(f"{path}: the file holds no records")
    origin = Origin(str(path), source, FIELDS)
    return sort_out([_read(record, number, origin) for number, record in enumerate(records, start=1)])


def _read(record: Any, number: int, origin: Origin) -> Question | Dropped:
    """One record; its number in the list stands in for an id that is missing."""
    key = str(record["id"]) if isinstance(record, dict) and record.get("id") else f"number {number}"
    if isinstance(record, dict) and record.get("type") != YESNO:
        if not isinstance(record.get("type"), str):
            raise InputError(f'{origin.file}, record "{key}": no type; expected yesno, factoid, list or summary')
        return Dropped(origin.source, key, OTHER_TYPE)
    return clean(record, key, origin)
