"""A page of test documents, gold beside predicted: some that are right, and some of each kind of error."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from medtune.data.related import RelatedDocument
from medtune.data.relation_schema import RelationSchema, RelationType
from medtune.data.span import Span
from medtune.kinds.relations.answers import Answer
from medtune.kinds.relations.concepts import ConceptDocument, link_concepts
from medtune.kinds.relations.matching import CLASSES, CORRECT, DUPLICATE, Relation, RelationCase, classify_relations
from medtune.kinds.relations.pairs import between_concepts
from medtune.reporting.annotated_page import Mark
from medtune.studies.relations.answers import linked, read_answers, relations_of
from medtune.studies.relations.relations_page import Arrow, Example, Panel, write_relations_page
from medtune.studies.relations.runs import Labels

RIGHT, NOTHING_TO_FIND, ENTITIES_ONLY = "all right", "right: no relation", "errors of entities alone"
KINDS = (RIGHT, *(kind for kind in CLASSES if kind != CORRECT), NOTHING_TO_FIND, ENTITIES_ONLY)
"""What a document can be an example of, in the order in which examples are drawn."""


@dataclass(frozen=True)
class Case:
    """A document with what became of its relations. kinds: those of `KINDS` that it is an example of."""

    answer: Answer
    cases: Sequence[RelationCase]
    kinds: tuple[str, ...]


def write_examples(
    path: Path | str,
    rows: Sequence[dict],
    predictions: Sequence[dict],
    schema: RelationSchema,
    run: str,
    labels: Labels,
    *,
    deduplicate: bool,
    drop_violations: bool,
    most: int,
    seed: int,
) -> None:
    """Write the page, atomically.

    rows: of the test split. predictions: of the run, all of its splits. deduplicate, drop_violations: as the run is
    scored. most: documents shown, drawn by the seed.
    Raises InputError when predictions and rows do not belong together.
    """
    examples = {"test": rows}
    of_test = [prediction for prediction in predictions if prediction["split"] == "test"]
    answers = read_answers(examples, of_test, schema, deduplicate=deduplicate, drop_violations=drop_violations)["test"]
    concepts = between_concepts(answer.document for answer in answers)
    cases = [classified(answer, schema, concepts) for answer in answers]
    title = labels.titled(f"Relations study: examples of {run}, test documents, gold beside predicted")
    write_relations_page(
        path,
        f"{title}. {labels.caption}" if labels.caption else title,
        [_example(case, kind, schema, concepts) for kind, case in draw(cases, most, seed)],
        _entity_meanings(answers, schema),
        {relation.name: _meaning(relation) for relation in schema.relations},
        total=len(answers),
    )


def classified(answer: Answer, schema: RelationSchema, concepts: bool) -> Case:
    """An answer with the classes of its relations. concepts: whether the corpus relates concepts."""
    cases = classify_relations([linked(answer, concepts, schema)], schema.symmetric)
    wrong = tuple(kind for kind in KINDS if any(case.kind == kind for case in cases))
    spans = answer.entities
    entities_right = sorted(spans.gold) == sorted(spans.predicted) and not spans.unplaced_predicted
    if wrong:
        kinds = wrong
    elif not entities_right:
        kinds = (ENTITIES_ONLY,)
    else:
        kinds = (RIGHT,) if cases else (NOTHING_TO_FIND,)
    return Case(answer, cases, kinds)


def draw(cases: Sequence[Case], most: int, seed: int) -> list[tuple[str, Case]]:
    """Up to `most` documents, each with what it is an example of: in turn one of each of `KINDS`, while there are such.
    They are in the order of `KINDS`."""
    shuffled = random.Random(seed).sample(list(cases), len(cases))
    waiting = {kind: [case for case in shuffled if kind in case.kinds] for kind in KINDS}
    drawn: list[tuple[str, Case]] = []
    taken: set[str] = set()
    while len(drawn) < min(most, len(cases)):
        for kind, members in waiting.items():
            found = next((case for case in members if case.answer.document.id not in taken), None)
            if found is not None and len(drawn) < most:
                drawn.append((kind, found))
                taken.add(found.answer.document.id)
    return sorted(drawn, key=lambda pair: KINDS.index(pair[0]))


def _example(case: Case, kind: str, schema: RelationSchema, concepts: bool) -> Example:
    answer = case.answer
    return Example(
        f"{answer.document.id}: {kind}",
        answer.document.text,
        _gold_panel(case, schema),
        _predicted_panel(case, schema, concepts),
    )


def _gold_panel(case: Case, schema: RelationSchema) -> Panel:
    """Gold entities and relations, each with what became of it. One between concepts joins the mentions that are
    nearest to each other."""
    document = case.answer.document
    marks = _marks(case.answer.entities.gold)
    places = {(mark.start, mark.end, mark.label): number for number, mark in enumerate(marks)}
    arrows = []
    for found in case.cases:
        if found.gold is not None:
            head, tail = (places[span.start, span.end, span.label] for span in _nearest(document, found.gold))
            arrows.append(_arrow(head, tail, found.gold.label, found.kind, schema))
    return Panel(marks, tuple(arrows))


def _predicted_panel(case: Case, schema: RelationSchema, concepts: bool) -> Panel:
    """Predicted entities and relations; what has no place in the text is told below."""
    answer = case.answer
    spans = answer.entities
    marks = _marks(dict.fromkeys(spans.predicted))
    places = {(mark.start, mark.end, mark.label): number for number, mark in enumerate(marks)}
    kinds = _kinds_of_predicted(case, schema, concepts)
    arrows, notes = [], []
    if answer.status != "ok":
        notes.append(f"the output is {answer.status.replace('_', ' ')}")
    unplaced = dict.fromkeys(entity for entity in answer.found.entities if entity.start is None)
    notes += [f'"{entity.value}" ({entity.label}) is not in the text' for entity in unplaced]
    for relation, (kind, copies) in kinds.items():
        said = kind if copies == 1 else f"{kind}, {copies} times"
        ends = [relation.head, relation.tail]
        if all(isinstance(end, Span) for end in ends):
            head, tail = (places[end.start, end.end, end.label] for end in ends)
            arrows.append(_arrow(head, tail, relation.label, kind, schema, said))
        else:
            names = [answer.document.text[e.start : e.end] if isinstance(e, Span) else e.value for e in ends]
            notes.append(f"{names[0]} {relation.label} {names[1]}: {said}, with an argument that is not in the text")
    return Panel(marks, tuple(arrows), tuple(notes))


def _kinds_of_predicted(case: Case, schema: RelationSchema, concepts: bool) -> dict[Relation, tuple[str, int]]:
    """Each distinct predicted relation between mentions with its class, and how often it is said."""
    symmetric = schema.symmetric
    pair = relations_of(case.answer, concepts)
    copies = Counter(relation.normal(symmetric) for relation in pair.predicted)
    if not concepts:
        kinds = {found.predicted: found.kind for found in case.cases if found.predicted and found.kind != DUPLICATE}
        return {relation: (kinds[relation], number) for relation, number in copies.items()}
    found = {}
    for relation, number in copies.items():
        alone = link_concepts(ConceptDocument(pair.mentions, pair.gold, [relation]), symmetric, overlapping=False)
        kind = next(one.kind for one in classify_relations([alone], symmetric) if one.predicted is not None)
        found[relation] = kind, number
    return found


def _marks(spans: Iterable[Span]) -> tuple[Mark, ...]:
    return tuple(Mark(span.start, span.end, span.label) for span in spans)


def _arrow(head: int, tail: int, label: str, kind: str, schema: RelationSchema, said: str | None = None) -> Arrow:
    return Arrow(head, tail, label, said or kind, wrong=kind != CORRECT, symmetric=label in schema.symmetric)


def _nearest(document: RelatedDocument, relation: Relation) -> tuple[Span, Span]:
    """The arguments of a gold relation; of one between concepts the two mentions that begin nearest to each other."""
    if isinstance(relation.head, Span) and isinstance(relation.tail, Span):
        return relation.head, relation.tail

    def mentions(concept: str) -> list[Span]:
        entities = (document.entities[index] for index in document.mentions_of(concept))
        return [Span(entity.start, entity.end, entity.label) for entity in entities]

    pairs = product(mentions(relation.head), mentions(relation.tail))
    return min(pairs, key=lambda pair: (pair[0] == pair[1], abs(pair[0].start - pair[1].start), pair))


def _entity_meanings(answers: Sequence[Answer], schema: RelationSchema) -> dict[str, str]:
    """How many there are of each entity type, those outside the schema last."""
    gold = Counter(span.label for answer in answers for span in answer.entities.gold)
    predicted = Counter(entity.label for answer in answers for entity in answer.found.entities)
    names = dict.fromkeys([*schema.entities, *sorted({*gold, *predicted})])
    return {name: f"{gold[name]} gold, {predicted[name]} predicted" for name in names}


def _meaning(relation: RelationType) -> str:
    """Which entity types a relation joins."""
    sign = "↔" if relation.symmetric else "→"
    return f"{' or '.join(relation.heads)} {sign} {' or '.join(relation.tails)}"
