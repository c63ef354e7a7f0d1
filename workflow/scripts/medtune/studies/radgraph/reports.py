"""RadGraph: reports with entities and relations (Jain et al. 2021, physionet.org/content/radgraph).

Layout: `{report id: {text, entities: {id: {tokens, label, start_ix, end_ix, relations: [[type, id], ...]}},
data_source, data_split}}`. `start_ix` and `end_ix` are indices into `text.split()`, both inclusive. Reports read by
two radiologists (the test part) have `labeler_1` and `labeler_2` instead of `entities`, each with its own `entities`.

RadGraph-XL (Delbrouck et al. 2024) is in DyGIE's layout: JSON lines `{doc_key, dataset, sentences: [[token, ...]], ner:
[[[first, last, label], ...]], relations: [[[first, last, first, last, type], ...]]}`, indices into the tokens of all
sentences together, both inclusive. It is turned into the layout above.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import read_text, write_json
from medtune.studies.provenance import missing
from medtune.studies.radgraph.dygie import from_dygie, is_dygie
from medtune.studies.radgraph.segments import Segment, Token, segments, tokenise

LABELS = ("ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U")
LABELERS = ("labeler_1", "labeler_2")

SPELLINGS = {
    **{label: label for label in LABELS},
    # RadGraph-XL (Delbrouck et al. 2024) has eleven labels. A measurement counts as an observation with its own
    # certainty. Anatomy has one type here, whatever its certainty: a structure that is absent or in doubt is named all
    # the same, and these labels are too rare to learn.
    "Anatomy::definitely present": "ANAT-DP",
    "Anatomy::definitely absent": "ANAT-DP",
    "Anatomy::uncertain": "ANAT-DP",
    "Anatomy::measurement::definitely present": "ANAT-DP",
    "Anatomy::measurement::uncertain": "ANAT-DP",
    "Observation::definitely present": "OBS-DP",
    "Observation::definitely absent": "OBS-DA",
    "Observation::uncertain": "OBS-U",
    "Observation::measurement::definitely present": "OBS-DP",
    "Observation::measurement::definitely absent": "OBS-DA",
    "Observation::measurement::uncertain": "OBS-U",
}
_BY_SPELLING = {spelling.casefold(): label for spelling, label in SPELLINGS.items()}


@dataclass(frozen=True)
class Entity:
    """A span with a label, one of `LABELS`. start_token, end_token: indices, both inclusive. start_char,
    end_char: offsets, end exclusive. text: the slice between them. relations: (type, entity id)."""

    id: str
    label: str
    start_token: int
    end_token: int
    start_char: int
    end_char: int
    text: str
    relations: tuple[tuple[str, str], ...] = ()

    @property
    def span(self) -> tuple[int, int, str]:
        """First and last token, label: what sets of entities are compared by."""
        return self.start_token, self.end_token, self.label


@dataclass(frozen=True)
class Report:
    """A report as one reader annotated it. source, split: as its file says, which may be nothing."""

    id: str
    text: str
    tokens: tuple[Token, ...]
    entities: tuple[Entity, ...] = ()
    source: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Corpus:
    """Reports in the annotation of choice. second: the other reader's annotation of those read twice."""

    reports: tuple[Report, ...]
    second: tuple[Report, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence of a report. number: of the segment in its report. start: character offset in the report.
    entities: with token indices and offsets in the sentence; relations may name entities elsewhere."""

    report: str
    number: int
    start: int
    text: str
    entities: tuple[Entity, ...]

    @property
    def id(self) -> str:
        """Unique over all reports."""
        return f"{self.report}#{self.number:03d}"


@dataclass(frozen=True)
class Cut:
    """A report cut into sentences. headings, numbers: segments that are not sentences. outside: entities that lie in
    no single sentence, so that no model is asked for them; they stay in the report, and count as missed."""

    sentences: tuple[Sentence, ...]
    headings: int
    numbers: int
    outside: tuple[Entity, ...]


def canonical_label(spelling: str) -> str | None:
    """One of `LABELS` for a spelling in `SPELLINGS`, in any case; none when it is not known."""
    return _BY_SPELLING.get(spelling.strip().casefold())


def make_entity(
    text: str,
    tokens: Sequence[Token],
    identifier: str,
    label: str,
    first: int,
    last: int,
    relations: Iterable[tuple[str, str]] = (),
) -> Entity:
    """An entity over tokens `first` to `last` (inclusive) of a text."""
    start, end = tokens[first].start, tokens[last].end
    return Entity(identifier, label, first, last, start, end, text[start:end], tuple(relations))


def cut(report: Report) -> Cut:
    """The sentences of a report, in order, each with the entities in it.

    Where they end depends on the text alone, so that a report is cut in the same way with and without annotation.
    """
    pieces = segments(report.text)
    homes = [number for number, piece in enumerate(pieces) for _ in range(piece.first, piece.last + 1)]
    found: dict[int, list[Entity]] = {}
    outside = []
    for entity in report.entities:
        home = homes[entity.start_token]
        if homes[entity.end_token] == home and pieces[home].kind == "sentence":
            found.setdefault(home, []).append(entity)
        else:
            outside.append(entity)
    sentences = tuple(
        _sentence(report, number, piece, found.get(number, ()))
        for number, piece in enumerate(pieces)
        if piece.kind == "sentence"
    )
    kinds = Counter(piece.kind for piece in pieces)
    return Cut(sentences, kinds["heading"], kinds["number"], tuple(outside))


def read_radgraph(path: Path | str, labeler: str = LABELERS[0]) -> Corpus:
    """Read a file in one of the layouts above; see `corpus_of`. Raises InputError also for a missing file or broken
    JSON."""
    if not Path(path).exists():
        raise missing(path, "file", "radgraph", "radgraph")
    text = read_text(path)
    records = _lines(text, path) if is_dygie(text) else _parse(text, path)
    return corpus_of(records, str(path), labeler)


def corpus_of(records: Any, name: str, labeler: str = LABELERS[0]) -> Corpus:
    """Reports from the layout above, as JSON gives it. name: of the file, for messages. labeler: whose
    annotation is taken where there are two.

    Raises InputError naming file, report and entity for anything that is not in the layout.
    """
    records = _object(records, f"radgraph: {name}", "report")
    if not records:
        raise InputError(f"radgraph: {name}: the file holds no reports.")
    chosen, second = [], []
    for identifier, record in records.items():
        where = f'radgraph: {name}, report "{identifier}"'
        readings = _readings(_object(record, where, "field"), identifier, where, labeler)
        chosen.append(readings[0])
        second += readings[1:]
    return Corpus(tuple(chosen), tuple(second))


def to_layout(corpus: Corpus, labeler: str = LABELERS[0]) -> dict:
    """The corpus in the layout above; reports read twice have the chosen annotation under `labeler`."""
    second = {report.id: report for report in corpus.second}
    layout = {}
    for report in corpus.reports:
        annotation = _annotation(report)
        if report.id in second:
            other = next(name for name in LABELERS if name != labeler)
            both = {labeler: annotation, other: _annotation(second[report.id])}
            annotation = {**{name: both[name] for name in LABELERS}, **_origin(report)}
        layout[report.id] = {"text": report.text, **annotation}
    return layout


def write_radgraph(path: Path | str, corpus: Corpus, labeler: str = LABELERS[0]) -> None:
    """Write a corpus in the layout above; `read_radgraph` gives it back."""
    write_json(path, to_layout(corpus, labeler))


def agreement_counts(corpus: Corpus, label: str | None = None) -> list[tuple[int, int, int]]:
    """Per report read twice: spans that both readers have with the same bounds and label, spans of the second
    one alone, spans of the first one alone (true positives, false positives, false negatives of the second).

    label: count entities of this label alone.
    """
    first = {report.id: report for report in corpus.reports}
    counts = []
    for other in corpus.second:
        mine, theirs = (
            {entity.span for entity in report.entities if label in (None, entity.label)}
            for report in (first[other.id], other)
        )
        counts.append((len(mine & theirs), len(theirs - mine), len(mine - theirs)))
    return counts


def _sentence(report: Report, number: int, segment: Segment, entities: Sequence[Entity]) -> Sentence:
    """One segment as a sentence; its entities are counted from its own start."""
    text = report.text[segment.start : segment.end]
    moved = tuple(
        replace(
            entity,
            start_token=entity.start_token - segment.first,
            end_token=entity.end_token - segment.first,
            start_char=entity.start_char - segment.start,
            end_char=entity.end_char - segment.start,
        )
        for entity in sorted(entities, key=lambda entity: entity.span)
    )
    for entity in moved:
        if entity.start_char < 0 or text[entity.start_char : entity.end_char] != entity.text:
            raise ValueError(f'report "{report.id}", entity "{entity.id}": its offsets do not slice to its text')
    return Sentence(report.id, number, segment.start, text, moved)


class _Repeated(dict):
    """A JSON object in which a key occurs more than once; `key` is the first such."""

    key: str


def _pairs(pairs: list[tuple[str, Any]]) -> dict:
    """A JSON object; plain `json` would silently keep the last of two equal keys."""
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    repeated = _Repeated(plain)
    repeated.key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return repeated


def _parse(text: str, path: Path | str, first: int = 1) -> Any:
    """JSON. first: number of its first line in the file, for messages."""
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {first + error.lineno - 1}: not valid JSON ({error.msg})") from error


def _lines(text: str, path: Path | str) -> dict:
    """Records of DyGIE's JSON lines, in RadGraph's layout."""
    records: dict[str, dict] = {}
    # splitlines() would also cut inside strings at U+2028 and the like.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"radgraph: {path}, line {number}"
            key, record = from_dygie(_object(_parse(line, path, number), where, "field"), where)
            if key in records:
                raise InputError(f'{where}: the report "{key}" occurs more than once; reports must be unique.')
            records[key] = record
    return records


def _object(value: Any, where: str, keys: str) -> dict:
    """A JSON object without repeated keys. keys: what its keys name, for the message."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected a JSON object, found {type(value).__name__}.")
    if isinstance(value, _Repeated):
        raise InputError(f'{where}: the {keys} "{value.key}" occurs more than once; {keys}s must be unique.')
    return value


def _readings(record: dict, identifier: str, where: str, labeler: str) -> list[Report]:
    """The chosen annotation of one report, and the other one where there is one."""
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InputError(f'{where}: no text; expected the report in the field "text".')
    bare = Report(identifier, text, tokenise(text), (), record.get("data_source"), record.get("data_split"))
    if "entities" in record:
        return [_annotated(bare, record["entities"], where)]
    if not any(name in record for name in LABELERS):
        raise InputError(f'{where}: no annotation; expected "entities", or "{LABELERS[0]}" and "{LABELERS[1]}".')
    if labeler not in record:
        raise InputError(f'{where}: no annotation by "{labeler}", which is the one to be used.')
    readings = []
    for name in sorted((name for name in LABELERS if name in record), key=lambda name: name != labeler):
        place = f"{where}, {name}"
        annotation = _object(record[name], place, "field")
        if "entities" not in annotation:
            raise InputError(f'{place}: no annotation; expected "entities".')
        readings.append(_annotated(bare, annotation["entities"], place))
    return readings


def _annotated(report: Report, entities: Any, where: str) -> Report:
    """The report with its entities, all checked."""
    entities = _object(entities, where, "entity id")
    return replace(
        report,
        entities=tuple(
            _entity(report, identifier, value, entities, f'{where}, entity "{identifier}"')
            for identifier, value in entities.items()
        ),
    )


def _entity(report: Report, identifier: str, value: Any, known: dict, where: str) -> Entity:
    value = _object(value, where, "field")
    spelling = value.get("label")
    label = canonical_label(spelling) if isinstance(spelling, str) else None
    if label is None:
        raise InputError(f'{where}: unknown label "{spelling}"; expected {", ".join(LABELS)} or those of RadGraph-XL.')
    past = len(report.tokens) - 1
    for field in ("start_ix", "end_ix"):
        index = value.get(field)
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise InputError(f"{where}: {field} is {json.dumps(index)}; expected a whole number from 0 on.")
        if index > past:
            raise InputError(f"{where}: {field} {index} is past the last token ({past}).")
    first, last = value["start_ix"], value["end_ix"]
    if last < first:
        raise InputError(f"{where}: end_ix {last} is before start_ix {first}.")
    tokens = value.get("tokens")
    expected = " ".join(token.text for token in report.tokens[first : last + 1])
    if not isinstance(tokens, str) or tokens.split() != expected.split():
        raise InputError(
            f'{where}: its tokens are "{tokens}", but tokens {first} to {last} of the text are "{expected}".'
        )
    relations = _relations(value.get("relations", []), known, where)
    return make_entity(report.text, report.tokens, identifier, label, first, last, relations)


def _relations(value: Any, known: dict, where: str) -> list[tuple[str, str]]:
    """(type, target id) of each relation."""
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in value
    ):
        raise InputError(f"{where}: its relations are not a list of [type, entity id].")
    for kind, target in value:
        if target not in known:
            raise InputError(
                f'{where}: its relation "{kind}" points to entity "{target}", which the report does not have.'
            )
    return [(kind, target) for kind, target in value]


def _annotation(report: Report) -> dict:
    """One reader's part of a report in the layout."""
    entities = {
        entity.id: {
            "tokens": " ".join(entity.text.split()),
            "label": entity.label,
            "start_ix": entity.start_token,
            "end_ix": entity.end_token,
            "relations": [list(relation) for relation in entity.relations],
        }
        for entity in report.entities
    }
    return {"entities": entities, **_origin(report)}


def _origin(report: Report) -> dict:
    return {"data_source": report.source, "data_split": report.split}
