"""Score the answers of one model for one entity type: spans in their reports, against what the readers marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.data.grounding import offsets_hold
from medtune.data.predictions import answers_of
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.kinds.scores import Scores
from medtune.kinds.spans.score import Answer, calibration_of, checked_confidences, scheme_figures, share_of
from medtune.metrics.proportions import proportion
from medtune.metrics.span_scores import SpanDocument, count_spans, score_spans
from medtune.studies.radgraph.found import Found, mentions, read_items, token_entity, token_span
from medtune.studies.radgraph.report_scores import false_alarms_per_sentence, radgraph_f1
from medtune.studies.radgraph.reports import LABELERS, Corpus, Report, read_radgraph

NAME = "radgraph"
REPORTS = "reports"
"""What is drawn."""
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
class SentenceAnswer(Answer):
    """One sentence with what the model found in it, in characters of its report, the unit. seen: whether it also stands
    in a training report. offsets_hold: of each listed item, whether the offsets it reports are right."""

    id: str
    seen: bool
    offsets_hold: tuple[bool, ...]
    output_tokens: int


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


def split_metrics(answers: Sequence[SentenceAnswer], corpus: Corpus, entity: str) -> dict:
    """All figures of one split. An output without a list has no entities, so that what its sentence holds is missed;
    the items of a list that breaks off or goes on count, but its sentence and report do not match. Entities that lie
    in no single sentence (see `reports.cut`) are missed."""
    names = [report.id for report in corpus.reports]
    gold = {report.id: _gold(report, entity) for report in corpus.reports}
    return {
        "n": len(answers),
        **_spans_of(answers, names, corpus.reports, entity, gold),
        "report_match": _report_match(answers, gold),
        "sentence_match": share_of(answers, lambda answer: [answer.exact_match], REPORTS),
        "parse_rate": _parse_rate(answers),
        "ungroundable_rate": share_of(answers, lambda answer: [span is None for span in answer.reading.spans], REPORTS),
        "raw_offset_accuracy": share_of(answers, lambda answer: answer.offsets_hold, REPORTS),
        "false_alarms_per_sentence": false_alarms_per_sentence(
            [_document([answer]) for answer in answers], [answer.unit for answer in answers]
        ).as_dict(),
        **calibration_of(answers, REPORTS),
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
    scores = score_spans(count_spans(documents, labels), REPORTS)
    return {
        "n_reports": scores.documents,
        "n_gold": scores.gold,
        "n_predicted": scores.predicted,
        **scheme_figures(scores),
    }


def _answer(
    row: dict, prediction: dict, reports: Mapping[str, Report], entity: str, path: Path | str
) -> SentenceAnswer:
    report, start, text = reports.get(row["report"]), row["sentence_start"], row["input"]
    if report is None or report.text[start : start + len(text)] != text:
        raise InputError(f'{path}: does not hold the sentence "{row["id"]}" of the data; prepare both again')
    confidences = checked_confidences(prediction)
    items = prediction["value"]
    return SentenceAnswer(
        unit=row["report"],
        gold=tuple(Span(start + first, start + last, entity) for first, last, _ in row["entities"]),
        reading=read_items(text, items, prediction["status"], confidences, start),
        id=row["id"],
        seen=row["seen"],
        offsets_hold=tuple(offsets_hold(text, mention) for mention in mentions(items or ())),
        output_tokens=prediction["output_tokens"],
    )


def _by_report(answers: Sequence[SentenceAnswer]) -> dict[str, list[SentenceAnswer]]:
    found: dict[str, list[SentenceAnswer]] = {}
    for answer in answers:
        found.setdefault(answer.unit, []).append(answer)
    return found


def _document(answers: Sequence[SentenceAnswer], gold: Sequence[Span] | None = None) -> SpanDocument:
    """Sentences of one report as a document. gold: in place of that of the sentences."""
    return SpanDocument(
        gold=[span for answer in answers for span in answer.gold] if gold is None else gold,
        predicted=[span for answer in answers for span in answer.reading.placed],
        unplaced_predicted=[label for answer in answers for label in answer.reading.unplaced],
    )


def _spans_of(
    answers: Sequence[SentenceAnswer],
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


def _part(
    answers: Sequence[SentenceAnswer], belongs: Callable[[SentenceAnswer], bool], corpus: Corpus, entity: str
) -> dict:
    """Figures of some of the sentences; the documents are the reports that have such."""
    chosen = [answer for answer in answers if belongs(answer)]
    names = list(_by_report(chosen))
    alarms = [answer for answer in chosen if not answer.gold]
    return {
        "n": len(chosen),
        **_spans_of(chosen, names, corpus.reports, entity),
        "parse_rate": _parse_rate(chosen),
        "sentence_match": share_of(chosen, lambda answer: [answer.exact_match], REPORTS),
        "alarm_rate": share_of(alarms, lambda answer: [bool(answer.reading.found)], REPORTS),
    }


def _readers(answers: Sequence[SentenceAnswer], corpus: Corpus, entity: str) -> dict:
    """The same answers against each reader, over the reports that both read; empty when there are none."""
    if not corpus.second:
        return {}
    first = {report.id: report for report in corpus.reports}
    names = [report.id for report in corpus.second]
    chosen = [answer for answer in answers if answer.unit in set(names)]
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


def _parse_rate(answers: Sequence[SentenceAnswer]) -> dict:
    return share_of(answers, lambda answer: [answer.reading.status == "ok"], REPORTS)


def _report_match(answers: Sequence[SentenceAnswer], gold: Mapping[str, Sequence[Span]]) -> dict:
    """Share of reports in which every sentence is right; without sentences there is nothing to get wrong.

    gold: by report; one with an entity that is in no sentence is not right.
    """
    by_report = _by_report(answers)
    right = [
        all(answer.exact_match for answer in by_report.get(name, []))
        and len(spans) == sum(len(answer.gold) for answer in by_report.get(name, []))
        for name, spans in gold.items()
    ]
    return proportion(sum(right), len(right), unit=REPORTS).as_dict()


def _item(split: str, answer: SentenceAnswer) -> dict:
    """One row of items.csv."""
    return {
        "id": answer.id,
        "split": split,
        "report": answer.unit,
        "seen": answer.seen,
        **answer.cells(),
        "offsets_right": sum(answer.offsets_hold),
        "output_tokens": answer.output_tokens,
    }


def _result(split: str, report: Report, answers: Sequence[SentenceAnswer], entity: str) -> dict:
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
                **_place(report, found.label, found.start, found.end),
                "confidence": found.confidence,
                "written": found.value,
            }
            for answer in answers
            for found in answer.reading.found
            if found.start is not None
        ],
        "ungroundable": [
            {"entity_type": found.label, "written": found.value, "confidence": found.confidence}
            for answer in answers
            for found in answer.reading.found
            if found.start is None
        ],
        "parsed": all(answer.reading.status == "ok" for answer in answers),
        "confidence": _least_confidence(answers),
    }


def _least_confidence(answers: Sequence[SentenceAnswer]) -> float | None:
    """The least known one; 1 of a report without sentences, None where none is known."""
    known = [answer.reading.confidence for answer in answers if answer.reading.confidence is not None]
    return min(known, default=None if answers else 1.0)


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
