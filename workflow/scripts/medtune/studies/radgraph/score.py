"""Score the answers of one model for one entity type: spans in their reports, against what the readers marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medtune.data.grounding import offsets_hold
from medtune.data.predictions import answers_of
from medtune.errors import InputError
from medtune.metrics.calibration import calibration_estimate, chance_error
from medtune.metrics.intervals import share_of_items
from medtune.metrics.proportions import proportion
from medtune.metrics.span_scores import (
    SpanDocument,
    count_spans,
    false_alarms_per_sentence,
    radgraph_f1,
    score_spans,
)
from medtune.metrics.spans import Span
from medtune.studies.radgraph.found import Found, label_of, locate, mentions, token_entity, token_span
from medtune.studies.radgraph.reports import LABELERS, Corpus, Report, read_radgraph

NAME = "radgraph"
ITEM_COLUMNS = (
    "id",
    "split",
    "report",
    "seen",
    "status",
    "gold",
    "predicted",
    "right",
    "ungroundable",
    "offsets_right",
    "exact_match",
    "confidence",
    "output_tokens",
)

SPAN_FIGURES = ("strict_f1", "exact_f1", "partial_f1", "type_f1", "radgraph_f1")
"""What tables show of a model's spans, from `span_figures` and `radgraph_f1`."""


@dataclass(frozen=True)
class Scores:
    """metrics: content of metrics.json, figures as dictionaries of `Estimate`. items: rows of items.csv, one per
    sentence. files: content of further JSON outputs by name: `results`, a list with one entry per report."""

    metrics: dict
    items: list[dict]
    files: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One sentence with what the model found in it. gold: spans of the report's characters. items: as parsed, with
    their places (none for a value that is not in the sentence) and confidences. ready: whether the
    output parsed and all its values were found. confidence: the least of all items and of the list's end; 0
    unless ready."""

    id: str
    report: str
    text: str
    seen: bool
    status: str
    gold: tuple[Span, ...]
    items: tuple[dict, ...]
    found: tuple[Found | None, ...]
    confidences: tuple[float, ...]
    confidence: float
    output_tokens: int

    @property
    def predicted(self) -> list[Span]:
        """Spans of the values that have a place."""
        return [span_of(found) for found in self.found if found is not None]

    @property
    def ungroundable(self) -> list[str]:
        """Labels of the values that have none."""
        return [label_of(item) for item, found in zip(self.items, self.found, strict=True) if found is None]

    @property
    def right(self) -> list[bool]:
        """For each item whether it is a gold span, each of which is answered once."""
        open_spans = list(self.gold)
        marks = []
        for found in self.found:
            span = None if found is None else span_of(found)
            marks.append(span in open_spans)
            if marks[-1]:
                open_spans.remove(span)
        return marks

    @property
    def exact_match(self) -> bool:
        """The gold spans, all and no more, in an output that parses."""
        return self.status == "ok" and not self.ungroundable and sorted(self.gold) == sorted(self.predicted)


def score(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    seed: int,
    *,
    entity: str,
    reports: Sequence[Path | str],
) -> Scores:
    """Score every sentence of every split.

    examples: by split, rows as `prepare` writes them. predictions: one row for each, with part confidences.
    entity: the type that was asked for. reports: the splits' reports in RadGraph's layout, in the order of `examples`.
    seed: is recorded.
    Raises InputError when predictions, sentences and reports do not belong together.
    """
    answers = answers_of(examples, predictions)
    splits, items, results = {}, [], []
    for (split, rows), path in zip(examples.items(), reports, strict=True):
        corpus = read_radgraph(path, LABELERS[0])
        texts = {report.id: report for report in corpus.reports}
        answered = [_answer(row, given, texts, entity, path) for row, given in zip(rows, answers[split], strict=True)]
        splits[split] = split_metrics(answered, corpus, entity)
        items += [_item(split, answer) for answer in answered]
        by_report = _by_report(answered)
        results += [_result(split, report, by_report.get(report.id, []), entity) for report in corpus.reports]
    metrics = {"study": NAME, "entity": entity, "seed": seed, "splits": splits}
    return Scores(metrics, items, {"results": results})


def split_metrics(answers: Sequence[Answer], corpus: Corpus, entity: str) -> dict:
    """All figures of one split. An output without a list has no entities, so that what its sentence holds is missed;
    the items of a list that breaks off or goes on count, but its sentence and report do not match. Entities that lie
    in no single sentence (see `data.radgraph.cut`) are missed."""
    names = [report.id for report in corpus.reports]
    gold = {report.id: _gold(report, entity) for report in corpus.reports}
    return {
        "n": len(answers),
        **_spans_of(answers, names, corpus.reports, entity, gold),
        "report_match": _report_match(answers, gold),
        "sentence_match": _share(answers, lambda answer: [answer.exact_match]),
        "parse_rate": _parse_rate(answers),
        "ungroundable_rate": _share(answers, lambda answer: [found is None for found in answer.found]),
        "raw_offset_accuracy": _share(
            answers, lambda answer: [offsets_hold(answer.text, mention) for mention in mentions(answer.items)]
        ),
        "false_alarms_per_sentence": false_alarms_per_sentence(
            [_document([answer]) for answer in answers], [answer.report for answer in answers]
        ).as_dict(),
        **_calibration(answers),
        "with_gold": _part(answers, lambda answer: bool(answer.gold), corpus, entity),
        "without_gold": _part(answers, lambda answer: not answer.gold, corpus, entity),
        "seen": _part(answers, lambda answer: answer.seen, corpus, entity),
        "unseen": _part(answers, lambda answer: not answer.seen, corpus, entity),
        "readers": _readers(answers, corpus, entity),
    }


def span_of(found: Found) -> Span:
    """An entity as a span of characters."""
    return Span(found.start_char, found.end_char, found.label)


def span_figures(documents: Sequence[SpanDocument], labels: Sequence[str]) -> dict:
    """Counts, and precision, recall and F1 by scheme (`strict_f1` …) with intervals over documents, micro."""
    scores = score_spans(count_spans(documents, labels), "reports")
    figures = {f"{scheme}_f1": found.f1.as_dict() for scheme, found in scores.micro.items()}
    strict = scores.micro["strict"]
    return {
        "n_reports": scores.documents,
        "n_gold": scores.gold,
        "n_predicted": scores.predicted,
        "strict_precision": strict.precision.as_dict(),
        "strict_recall": strict.recall.as_dict(),
        **figures,
    }


def _answer(row: dict, prediction: dict, reports: Mapping[str, Report], entity: str, path: Path | str) -> Answer:
    report, start, text = reports.get(row["report"]), row["sentence_start"], row["input"]
    if report is None or report.text[start : start + len(text)] != text:
        raise InputError(f'{path}: does not hold the sentence "{row["id"]}" of the data; prepare both again')
    items = prediction["value"] or []
    confidences = prediction.get("part_confidences")
    if confidences is None or (prediction["value"] is not None and len(confidences) != len(items) + 1):
        raise InputError(f'predictions, id "{row["id"]}": needs a confidence for each item; generate again')
    found = locate(text, start, report.tokens, items, confidences[: len(items)])
    ready = prediction["status"] == "ok" and None not in found
    return Answer(
        id=row["id"],
        report=row["report"],
        text=text,
        seen=row["seen"],
        status=prediction["status"],
        gold=tuple(Span(start + first, start + last, entity) for first, last, _ in row["entities"]),
        items=tuple(items),
        found=tuple(found),
        confidences=tuple(confidences[: len(items)]),
        confidence=min(confidences) if ready else 0.0,
        output_tokens=prediction["output_tokens"],
    )


def _by_report(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.report, []).append(answer)
    return found


def _document(answers: Sequence[Answer], gold: Sequence[Span] | None = None) -> SpanDocument:
    """Sentences of one report as a document. gold: in place of that of the sentences."""
    return SpanDocument(
        gold=[span for answer in answers for span in answer.gold] if gold is None else gold,
        predicted=[span for answer in answers for span in answer.predicted],
        unplaced_predicted=[label for answer in answers for label in answer.ungroundable],
    )


def _spans_of(
    answers: Sequence[Answer],
    names: Sequence[str],
    reports: Sequence[Report],
    entity: str,
    gold: Mapping[str, Sequence[Span]] | None = None,
) -> dict:
    """Span figures and the set-based one over the reports `names`. gold: by report, in place of the sentences'."""
    by_report = _by_report(answers)
    texts = {report.id: report for report in reports}
    documents = [_document(by_report.get(name, []), None if gold is None else gold[name]) for name in names]
    tokens = [texts[name].tokens for name in names]
    wanted = [
        {token_entity(words, span) for span in document.gold} for words, document in zip(tokens, documents, strict=True)
    ]
    found = [
        {
            *(token_entity(words, span) for span in document.predicted),
            # A value without a place is none of the gold ones.
            *(("ungroundable", number, label) for number, label in enumerate(document.unplaced_predicted)),
        }
        for words, document in zip(tokens, documents, strict=True)
    ]
    return {
        **span_figures(documents, (entity,)),
        "radgraph_f1": radgraph_f1(wanted, found).as_dict(),
    }


def _part(answers: Sequence[Answer], belongs: Callable[[Answer], bool], corpus: Corpus, entity: str) -> dict:
    """Figures of some of the sentences; the documents are the reports that have such."""
    chosen = [answer for answer in answers if belongs(answer)]
    names = list(_by_report(chosen))
    alarms = [answer for answer in chosen if not answer.gold]
    return {
        "n": len(chosen),
        **_spans_of(chosen, names, corpus.reports, entity),
        "parse_rate": _parse_rate(chosen),
        "sentence_match": _share(chosen, lambda answer: [answer.exact_match]),
        "alarm_rate": _share(alarms, lambda answer: [bool(answer.items)]),
    }


def _readers(answers: Sequence[Answer], corpus: Corpus, entity: str) -> dict:
    """The same answers against each reader, over the reports that both read; empty when there are none."""
    if not corpus.second:
        return {}
    first = {report.id: report for report in corpus.reports}
    names = [report.id for report in corpus.second]
    chosen = [answer for answer in answers if answer.report in set(names)]
    readings = ([first[name] for name in names], corpus.second)
    return {
        labeler: _spans_of(
            chosen, names, corpus.reports, entity, {report.id: _gold(report, entity) for report in reading}
        )
        for labeler, reading in zip(LABELERS, readings, strict=True)
    }


def _gold(report: Report, entity: str) -> list[Span]:
    """A reader's spans of one type; one that was marked twice counts once."""
    return sorted({Span(e.start_char, e.end_char, e.label) for e in report.entities if e.label == entity})


def _share(answers: Sequence[Answer], marks: Callable[[Answer], Sequence[bool]]) -> dict:
    """Share of true marks with an interval over reports. marks: of an answer, any number."""
    pairs = [(mark, answer.report) for answer in answers for mark in marks(answer)]
    return share_of_items([mark for mark, _ in pairs], [report for _, report in pairs], "reports").as_dict()


def _parse_rate(answers: Sequence[Answer]) -> dict:
    return _share(answers, lambda answer: [answer.status == "ok"])


def _report_match(answers: Sequence[Answer], gold: Mapping[str, Sequence[Span]]) -> dict:
    """Share of reports in which every sentence is right; without sentences there is nothing to get wrong.

    gold: by report; one with an entity that is in no sentence is not right.
    """
    by_report = _by_report(answers)
    right = [
        all(answer.exact_match for answer in by_report.get(name, []))
        and len(spans) == sum(len(answer.gold) for answer in by_report.get(name, []))
        for name, spans in gold.items()
    ]
    return proportion(sum(right), len(right), unit="reports").as_dict()


def _calibration(answers: Sequence[Answer]) -> dict:
    """Expected calibration error of the items' confidences: right means a gold span."""
    pairs = [
        (confidence, right, answer.report)
        for answer in answers
        for confidence, right in zip(answer.confidences, answer.right, strict=True)
    ]
    confidence, right, reports = zip(*pairs, strict=True) if pairs else ((), (), ())
    return {
        "ece": calibration_estimate(confidence, right, reports, "reports").as_dict(),
        "ece_of_chance": chance_error(confidence, unit="entities").as_dict(),
    }


def _item(split: str, answer: Answer) -> dict:
    """One row of items.csv."""
    values = (
        answer.id,
        split,
        answer.report,
        answer.seen,
        answer.status,
        len(answer.gold),
        len(answer.items),
        sum(answer.right),
        len(answer.ungroundable),
        sum(offsets_hold(answer.text, mention) for mention in mentions(answer.items)),
        answer.exact_match,
        answer.confidence,
        answer.output_tokens,
    )
    return dict(zip(ITEM_COLUMNS, values, strict=True))


def _result(split: str, report: Report, answers: Sequence[Answer], entity: str) -> dict:
    """One entry of results.json. All offsets are in the report, end exclusive; token indices are inclusive.

    confidence: the least of the report's sentences. parsed: whether all outputs parsed. ungroundable: values that the
    sentences do not hold.
    """
    return {
        "id": report.id,
        "split": split,
        "report": report.text,
        "true_labels": [_place(report, span.label, span.start, span.end) for span in _gold(report, entity)],
        "model_output": [
            {
                **_place(report, found.label, found.start_char, found.end_char),
                "confidence": found.confidence,
                "written": item["entity_value"],
            }
            for answer in answers
            for item, found in zip(answer.items, answer.found, strict=True)
            if found is not None
        ],
        "ungroundable": [
            {"entity_type": label_of(item), "written": item["entity_value"], "confidence": confidence}
            for answer in answers
            for item, found, confidence in zip(answer.items, answer.found, answer.confidences, strict=True)
            if found is None
        ],
        "parsed": all(answer.status == "ok" for answer in answers),
        "confidence": min((answer.confidence for answer in answers), default=1.0),
    }


def _place(report: Report, label: str, start: int, end: int) -> dict:
    first, last = token_span(report.tokens, start, end)
    return {
        "entity_type": label,
        "entity_value": report.text[start:end],
        "start_position": start,
        "end_position": end,
        "start_token": first,
        "end_token": last,
    }
