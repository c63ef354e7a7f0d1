"""The comparison of runs in words. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.metrics.relations import CLASSES, CORRECT
from medtune.metrics.significance import ALPHA, Difference
from medtune.reporting.prose import (
    Block,
    Document,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    counted,
    interval_text,
    listed,
    points,
)
from medtune.reporting.tables import estimate_text, percent
from medtune.tasks.relations.answers import GIVEN
from medtune.tasks.relations.comparisons import HARMED, HELPED, UNTOLD
from medtune.tasks.relations.runs import DEFAULT, Labels, Run, Runs

HTML_PAGES = {
    "comparison": (
        "Relations study: all runs",
        "Strict F1: entities with boundaries and type, relations with type, direction and both such entities; 95 % "
        "intervals by a bootstrap over documents. relation_f1_gold_entities: on the test documents, with their "
        "entities given. repair_rate: outputs that broke off and were cut after their last complete item. duplicates: "
        "repeated relations in what is scored. p: paired bootstrap of the relation F1 against default on the same "
        "documents, not corrected. The run that was chosen on validation stands out.",
    ),
    "switches": (
        "Relations study: what each switch brings",
        "Differences of strict F1 from default on the same documents, with 95 % intervals by a paired bootstrap over "
        "documents. The verdict is that of the interval of the relation F1; p_holm is corrected over the switches.",
    ),
    "entity_types": (
        "Relations study: entity types",
        "Strict: boundaries and type are right; relaxed: the type is right and the boundaries overlap. Intervals are "
        "95 %, by a bootstrap over documents.",
    ),
    "relation_types": (
        "Relations study: relation types",
        "Strict: type, direction and both entities are right; relaxed: type and direction are right and the entities "
        "overlap, whatever their types. In the split given the entities are given. Intervals are 95 %, by a bootstrap "
        "over documents.",
    ),
}


def reason(chosen: Run, equal: Sequence[Run], trained: int) -> str:
    """Why this run, with the validation figures that the choice was made on. trained: number of runs to choose from."""
    f1 = estimate_text(chosen.splits["validation"]["relation_f1"])
    text = (
        f"Chosen: {chosen.name}, on the validation split alone, where its relation F1 is {f1}, the highest of "
        f"{counted(trained, 'trained run')}."
    )
    if equal:
        text += (
            f" The same validation F1: {listed([run.name for run in equal])}; ties go to {DEFAULT}, then to the run "
            "that changes fewer settings, then to the first."
        )
    return text


def headline(runs: Runs, chosen: Run, labels: Labels) -> str:
    """The study's result in one line of plain text."""
    test = chosen.splits["test"]
    others = [run for run in (runs.default, runs.base) if run is not chosen]
    against = ", ".join(f"{run.name} {percent(run.splits['test']['relation_f1']['value'])}" for run in others)
    text = (
        f"{chosen.name}, chosen on validation: entity F1 {estimate_text(test['entity_f1'])}, relation F1 "
        f"{estimate_text(test['relation_f1'])} on the test documents (relation F1 of {against}); with gold entities "
        f"given {percent(test['relation_f1_gold_entities']['value'])}"
    )
    return f"{labels.titled(text)}\n"


def switch_sentences(rows: Sequence[Mapping[str, Any]], split: str = "test") -> list[str]:
    """What the switches did to the relation F1 of a split, by verdict, and what is left of it after correction."""
    of_split = [row for row in rows if row["split"] == split]
    sentences = []
    for word, start in ((HELPED, "Helped"), (HARMED, "Harmed"), (UNTOLD, "Did no good or harm that could be told")):
        members = [row for row in of_split if row["verdict"] == word]
        if members:
            names = listed([f"{row['switch']} {_difference(row, 'relation')}" for row in members])
            sentences.append(f"{start}, by the {split} documents: {names}.")
    open_ones = [row["switch"] for row in of_split if row["verdict"] != UNTOLD and row["p_holm"] >= ALPHA]
    if open_ones:
        sentences.append(
            f"With {counted(len(of_split), 'switch', 'switches')} some interval excludes 0 by chance alone: after "
            f"Holm's correction nothing is shown for {listed(open_ones)}."
        )
    return sentences or ["There are no switches to compare."]


def entities_or_relations(run: Run, difference: Difference) -> str:
    """Whether a run's relation errors come from its entities. difference: of gold entities against its own."""
    test, given = run.splits["test"], run.splits[GIVEN]
    own, with_gold = test["relation_f1"]["value"] or 0.0, given["relation_f1"]["value"] or 0.0
    change = points(difference.value, difference.low, difference.high)
    if difference.low > 0:
        meaning = "so much of what is wrong comes from its entities"
    elif difference.high < 0:
        meaning = "being given entities does not help it, so its entities are not what holds it back"
    else:
        meaning = "no difference that could be told, so its entities are not shown to be what holds it back"
    return (
        f"The relation F1 of {run.name} on the test documents is {percent(own)} with the entities that it finds and "
        f"{percent(with_gold)} with the gold ones given: {change}, {meaning}. With gold entities "
        f"{100 * (1 - with_gold):.1f} points are missing still, which are errors in relating them. Among the entities "
        f"that it found itself its relation F1 is {estimate_text(test['relation_f1_found_entities'])}."
    )


def summary_page(
    runs: Runs,
    chosen: Run,
    words: str,
    rows: Mapping[str, Sequence[dict]],
    differences: Mapping[str, Difference],
    pictures: Mapping[str, Path | str],
    labels: Labels,
) -> Document:
    """The one-page summary. words: of `reason`. rows: of the tables, by name. differences: of gold entities against a
    run's own, by run. pictures: path of each plot, by name."""
    blocks: list[Block] = [
        *([Paragraph(f"Labels: {labels.name}. {labels.caption}")] if labels.caption else []),
        Paragraph(
            f"Figures are of {counted(chosen.splits['test']['n'], 'test document')}, with 95 % intervals over "
            "documents, unless said otherwise. Strict: an entity's boundaries and type are right; a relation's type, "
            "direction and both such entities are. An output that cannot be read has found nothing. Relations are "
            f"{_between(chosen)}."
        ),
        Heading("The chosen run"),
        Paragraph(words),
        Heading("All runs"),
        _run_table(runs, chosen, rows["comparison"]),
        Picture(pictures["comparison"], "Entity and relation F1 of each run"),
        Heading("What each switch brings"),
        Items(switch_sentences(rows["switches"])),
        *([_switch_table(rows["switches"])] if rows["switches"] else []),
        Heading("Entities or relations"),
        Paragraph(entities_or_relations(chosen, differences[chosen.name])),
        _given_table(runs, differences),
        Heading("Types"),
        _type_table(rows, chosen),
        Picture(pictures["relation_types"], "F1 of each relation type"),
        Heading("Errors of relations"),
        Paragraph(_error_words(chosen)),
        Picture(pictures["errors"], "Errors of relations by class"),
        Picture(pictures["entity_confusion"], "Entity types that are taken for one another"),
        Picture(pictures["relation_confusion"], "Relation types that are taken for one another"),
        Heading("Answers"),
        Paragraph(
            "Repeated relations are counted as the answers list them and as they are left in what is scored. A "
            "relation is against the schema when it cannot hold between entities of these types. Seconds per document "
            "are those of the whole job, loading the model included, and of its last attempt where it was stopped."
        ),
        _answer_table(rows["answers"]),
    ]
    return Document(labels.titled("Relations study: summary"), blocks)


def _between(run: Run) -> str:
    return (
        "between concepts: a pair of mentions is read as all pairs of the concepts that they name, each of which is "
        "right or wrong, as in the evaluation of BioRED; an entity is to be found by its words, no concept is asked "
        "for"
        if run.relations_between == "concepts"
        else "between mentions of entities"
    )


def _run_table(runs: Runs, chosen: Run, comparison: Sequence[Mapping[str, Any]]) -> Table:
    p_values = {row["run"]: row["p_value_against_default"] for row in comparison if row["split"] == "test"}
    rows = [
        [
            run.name,
            run.what,
            percent(run.splits["validation"]["relation_f1"]["value"]),
            estimate_text(run.splits["test"]["entity_f1"]),
            estimate_text(run.splits["test"]["relation_f1"]),
            percent(run.splits["test"]["relation_macro_f1"]["value"]),
            percent(run.splits["test"]["relation_relaxed_f1"]["value"]),
            _p_text(p_values[run.name]),
            "chosen" if run is chosen else "",
        ]
        for run in runs
    ]
    headers = [
        "run",
        "changes",
        "validation relation F1",
        "entity F1",
        "relation F1",
        "relation macro-F1",
        "relaxed relation F1",
        f"p against {DEFAULT}",
        "",
    ]
    return Table(headers, rows)


def _switch_table(switches: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [
            row["switch"],
            row["changes"],
            row["split"],
            _difference(row, "entity"),
            _difference(row, "relation"),
            _p_text(row["p_holm"]),
            row["verdict"],
        ]
        for row in switches
    ]
    headers = ["switch", "changes", "split", "entity F1", "relation F1", "p after Holm", "verdict"]
    return Table(headers, rows)


def _given_table(runs: Runs, differences: Mapping[str, Difference]) -> Table:
    rows = [
        [
            run.name,
            estimate_text(run.splits["test"]["relation_f1"]),
            estimate_text(run.splits["test"]["relation_f1_gold_entities"]),
            points(*(getattr(differences[run.name], end) for end in ("value", "low", "high"))),
            percent(run.splits["test"]["relation_f1_found_entities"]["value"]),
        ]
        for run in runs
    ]
    headers = ["run", "own entities", "gold entities given", "difference", "among entities that were found"]
    return Table(headers, rows)


def _type_table(rows: Mapping[str, Sequence[Mapping[str, Any]]], chosen: Run) -> Table:
    """Types of the chosen run on test; first entities, then relations."""
    lines = [
        [
            kind,
            row["type"],
            row["gold"],
            percent(row["precision"]),
            percent(row["recall"]),
            interval_text(row, "f1"),
            percent(row["relaxed_f1"]),
        ]
        for kind, table in (("entity", "entity_types"), ("relation", "relation_types"))
        for row in rows[table]
        if row["run"] == chosen.name and row["split"] == "test" and (row["gold"] or row["predicted"])
    ]
    return Table(["", "type", "gold", "precision", "recall", "F1", "relaxed F1"], lines)


def _error_words(chosen: Run) -> str:
    """What is wrong, by class, with the entities of the run and with gold ones."""
    parts = []
    for split, start in (("test", f"{chosen.name}, test documents"), (GIVEN, "With gold entities given")):
        found = chosen.splits[split]["errors"]
        wrong = [f"{kind} {found[kind]['count']}" for kind in CLASSES if kind != CORRECT and found[kind]["count"]]
        parts.append(f"{start}: correct {found[CORRECT]['count']}; {', '.join(wrong) or 'nothing wrong'}.")
    return " ".join(parts)


def _answer_table(answers: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [
            row["run"],
            percent(row["parse_rate"]),
            percent(row["repair_rate"]),
            percent(row["cut_rate"]),
            row["duplicate_relations"],
            row["duplicates_left"],
            row["violations"],
            row["unknown_arguments"],
            row["unplaced_entities"],
            "none" if row["mean_output_tokens"] is None else f"{row['mean_output_tokens']:.0f}",
            "not known" if row["seconds_per_document"] is None else f"{row['seconds_per_document']:.2f}",
        ]
        for row in answers
        if row["split"] == "test"
    ]
    headers = [
        "run",
        "outputs that parse",
        "repaired",
        "cut",
        "repeated relations",
        "repeated ones left",
        "against the schema",
        "unknown arguments",
        "entities not in the text",
        "tokens per output",
        "seconds per document",
    ]
    return Table(headers, rows)


def _difference(row: Mapping[str, Any], kind: str) -> str:
    return points(*(row[f"{kind}_f1_difference{end}"] for end in ("", "_low", "_high")))


def _p_text(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
