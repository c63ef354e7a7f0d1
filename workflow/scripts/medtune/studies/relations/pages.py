"""The comparison of runs in words. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.metrics.estimate import end_values
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED
from medtune.metrics.relations import CLASSES, CORRECT
from medtune.metrics.significance import Difference, p_text
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
    short_text,
)
from medtune.reporting.tables import estimate_text, percent
from medtune.studies.relations.answers import GIVEN
from medtune.studies.relations.comparisons import HARMED, HELPED, UNTOLD
from medtune.studies.relations.runs import DEFAULT, PRACTISED_TITLE, Labels, Run, Runs

HTML_PAGES = {
    "comparison": (
        "Relations study: all runs",
        "Strict F1: entities with boundaries and type, relations with type, direction and both such entities; 95 % "
        "intervals over documents. relation_f1_gold_entities: on the test documents, with their "
        "entities given. repair_rate: outputs that broke off and were cut after their last complete item. duplicates: "
        "repeated relations in what is scored. p: paired permutation of the relation F1 against default on the same "
        "documents, not corrected. The run that was chosen on validation stands out.",
    ),
    "switches": (
        "Relations study: what each switch brings",
        "Differences of strict F1 from default on the same documents, with 95 % intervals. With three training seeds "
        "or more they are of means over seeds, and seeds and documents both count as drawn; with fewer they are "
        "between two models, over documents, and nothing is claimed about a switch. The verdict is that of p_holm, "
        "which is corrected over the switches of a split.",
    ),
    "familiarity": (
        "Relations study: terms that stand in the training text, and terms held out from it",
        "An entity is in the training text where an entity of the training split has the same text. A predicted entity "
        "counts by its own text. A relation is held out where one of its entities is.",
    ),
    "entity_types": (
        "Relations study: entity types",
        "Strict: boundaries and type are right; relaxed: the type is right and the boundaries overlap. Intervals are "
        "95 %, over documents.",
    ),
    "relation_types": (
        "Relations study: relation types",
        "Strict: type, direction and both entities are right; relaxed: type and direction are right and the entities "
        "overlap, whatever their types. In the split given the entities are given. Intervals are 95 %, over documents.",
    ),
}


PUBLISHED = {"entity": ("entities", 0.85, 0.848), "relation": ("relations", 0.75, 0.392)}
"""By kind: target and published F1 of the study as published (Mistral 7B in 4 bit, 2026-02-08)."""
PUBLISHED_NOTE = (
    "The study was published with these targets and with these figures of 50 documents of its own corpus, reached by "
    "Mistral 7B in 4 bit. They are of other documents and another way of counting, and not comparable to a run here."
)
PRACTISED_NOTE = (
    f"{PRACTISED_TITLE}: the base model asked in the form that it knows, with the study's types named. A synthetic "
    "base model is asked as in its pre-training text, another one in its chat template, or else with the plain "
    "instruction. What it reaches there needs no adapter."
)


def published_words() -> str:
    """Targets and published figures in a sentence."""
    parts = [
        f"{kind}: target {percent(target)}, published {percent(found)}" for kind, target, found in PUBLISHED.values()
    ]
    return f"Strict micro-F1 of {'; of '.join(parts)}."


def reason(chosen: Run, equal: Sequence[Run], trained: int, seeds: int = 1) -> str:
    """Why this run, with the validation figures that the choice was made on. trained: number of runs to choose from.
    seeds: of training, over which the mean was taken."""
    f1 = estimate_text(chosen.splits["validation"]["relation_f1"])
    text = (
        f"Chosen: {chosen.name}, on the validation split alone, where its relation F1 is {f1}, the highest of "
        f"{counted(trained, 'trained run')}{f', by the mean of {seeds} training seeds' if seeds > 1 else ''}."
    )
    if equal:
        text += (
            f" The same validation F1: {listed([run.name for run in equal])}; ties go to {DEFAULT}, then to the run "
            "that changes fewer settings, then to the first."
        )
    return text


def headline(runs: Runs, chosen: Run, labels: Labels, shown: str | None = None) -> str:
    """The study's result in one line of plain text. shown: of `what_figures_show`."""
    test = chosen.splits["test"]
    others = [run for run in (runs.default, runs.base, runs.practised) if run is not chosen]
    against = ", ".join(f"{run.name} {short_text(run.splits['test']['relation_f1'])}" for run in others)
    text = (
        f"{chosen.name}, chosen on validation: entity F1 {estimate_text(test['entity_f1'])}, relation F1 "
        f"{estimate_text(test['relation_f1'])} on the test documents (relation F1 of {against}); with gold entities "
        f"given {short_text(test['relation_f1_gold_entities'])}"
    )
    return f"{labels.titled(text)}{f'. {shown}' if shown else ''}\n"


def switch_sentences(rows: Sequence[Mapping[str, Any]], split: str = "test") -> list[str]:
    """What the switches did to the relation F1 of a split, by verdict."""
    of_split = [row for row in rows if row["split"] == split]
    if any(row["verdict"] == UNCLAIMED for row in of_split):
        seeds = counted(min(row["n_seeds"] for row in of_split), "training seed")
        return [
            f"Nothing is claimed about any switch, since the runs have {seeds}: the differences below are between "
            f"single models, and those of other seeds, or of the same seed on another machine, can have the other "
            f"sign. With {LEAST_SEEDS} seeds or more (`relations.seeds`) they are compared over seeds and documents."
        ]
    sentences = []
    for word, start in ((HELPED, "Helped"), (HARMED, "Harmed"), (UNTOLD, "No significant difference")):
        members = [row for row in of_split if row["verdict"] == word]
        if members:
            names = listed([f"{row['switch']} {_difference(row, 'relation')}" for row in members])
            sentences.append(f"{start}, by the {split} documents and after Holm's correction: {names}.")
    return sentences or ["There are no switches to compare."]


def what_figures_show(manifest: Mapping[str, Any]) -> str | None:
    """What figures of synthetic documents show; None where documents are real."""
    if not all(source["format"] == "synthetic" for source in manifest["sources"]):
        return None
    found = manifest.get("leakage", {}).get("held_out", {})
    read = [name for name, kinds in found.items() if kinds is not None]
    apart = (
        f" No sentence, sentence template or held-out term of validation and test stands in the {listed(read)} text "
        "(counted in data/manifest.json)."
        if read and not any(kind["shared"] for name in read for kind in found[name].values())
        else ""
    )
    return (
        "The documents are synthetic, made by rules: the figures show that the workflow works, and what an adapter "
        "adds to this base model on such documents; they say nothing about real text. Other hardware gives other "
        f"figures.{apart}"
    )


def entities_or_relations(run: Run, difference: Difference) -> str:
    """Whether a run's relation errors come from its entities. difference: of gold entities against its own."""
    test, given = run.splits["test"], run.splits[GIVEN]
    with_gold = given["relation_f1"]["value"] or 0.0
    change = points(difference.value, difference.low, difference.high)
    if difference.low > 0:
        meaning = "so much of what is wrong comes from its entities"
    elif difference.high < 0:
        meaning = "being given entities does not help it, so its entities are not what holds it back"
    else:
        meaning = "no difference that could be told, so its entities are not shown to be what holds it back"
    return (
        f"The relation F1 of {run.name} on the test documents is {short_text(test['relation_f1'])} with the entities "
        f"that it finds and {short_text(given['relation_f1'])} with the gold ones given: {change}, {meaning}. With "
        f"gold entities {100 * (1 - with_gold):.1f} points are missing still, which are errors in relating them. Among "
        f"the entities that it found itself its relation F1 is {estimate_text(test['relation_f1_found_entities'])}."
    )


def summary_page(
    runs: Runs,
    chosen: Run,
    words: str,
    rows: Mapping[str, Sequence[dict]],
    differences: Mapping[str, Difference],
    pictures: Mapping[str, Path | str],
    labels: Labels,
    manifest: Mapping[str, Any],
) -> Document:
    """The one-page summary. manifest: of the data. words: of `reason`. rows: of the tables, by name. differences: of
    gold entities against a run's own, by run. pictures: path of each plot, by name."""
    shown = what_figures_show(manifest)
    blocks: list[Block] = [
        *([Paragraph(shown)] if shown else []),
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
        Paragraph(PRACTISED_NOTE),
        Heading("Targets and published figures"),
        Paragraph(PUBLISHED_NOTE),
        _published_table(chosen),
        Heading("Terms in the training text and terms held out"),
        Paragraph(
            "An entity is in the training text where an entity of the training split has the same text; a predicted "
            "one counts by its own text. A relation is held out where one of its entities is."
        ),
        _familiarity_table(rows["familiarity"]),
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
    compared = {row["run"]: row for row in comparison if row["split"] == "test"}
    rows = [
        [
            run.name,
            run.what,
            short_text(run.splits["validation"]["relation_f1"]),
            estimate_text(run.splits["test"]["entity_f1"]),
            estimate_text(run.splits["test"]["relation_f1"]),
            short_text(run.splits["test"]["relation_macro_f1"]),
            short_text(run.splits["test"]["relation_relaxed_f1"]),
            _p_against_default(compared[run.name]),
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
        f"p against {DEFAULT}, after Holm",
        "",
    ]
    return Table(headers, rows)


def _p_against_default(row: Mapping[str, Any]) -> str:
    corrected = row["p_holm_against_default"]
    return "" if corrected is None else p_text(corrected, row["p_value_against_default"])


def _published_table(chosen: Run) -> Table:
    """The document's targets and figures beside the chosen run's."""
    rows = [
        [kind, percent(target), percent(published), estimate_text(chosen.splits["test"][f"{key}_f1"])]
        for key, (kind, target, published) in PUBLISHED.items()
    ]
    return Table(["strict micro-F1", "target", "published", f"{chosen.name}, here"], rows)


def _familiarity_table(familiarity: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [
            row["run"],
            row["terms"],
            row["n_documents"],
            row["entities"],
            interval_text(row, "entity_recall"),
            interval_text(row, "entity_f1"),
            "none" if row["relations"] is None else row["relations"],
            interval_text(row, "relation_f1"),
        ]
        for row in familiarity
        if row["split"] == "test"
    ]
    headers = ["run", "terms", "documents", "entities", "entity recall", "entity F1", "relations", "relation F1"]
    return Table(headers, rows)


def _switch_table(switches: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        [
            row["switch"],
            row["changes"],
            row["split"],
            row["n_seeds"],
            _difference(row, "entity"),
            _difference(row, "relation"),
            p_text(row["p_holm"], row["p_value"]),
            row["verdict"],
        ]
        for row in switches
    ]
    headers = ["switch", "changes", "split", "seeds", "entity F1", "relation F1", "p after Holm", "verdict"]
    return Table(headers, rows)


def _given_table(runs: Runs, differences: Mapping[str, Difference]) -> Table:
    rows = [
        [
            run.name,
            estimate_text(run.splits["test"]["relation_f1"]),
            estimate_text(run.splits["test"]["relation_f1_gold_entities"]),
            points(*end_values(differences[run.name])),
            short_text(run.splits["test"]["relation_f1_found_entities"]),
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
            interval_text(row, "precision"),
            interval_text(row, "recall"),
            interval_text(row, "f1"),
            interval_text(row, "relaxed_f1"),
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
            interval_text(row, "parse_rate"),
            interval_text(row, "repair_rate"),
            interval_text(row, "cut_rate"),
            row["duplicate_relations"],
            row["duplicates_left"],
            row["violations"],
            row["unknown_arguments"],
            row["unplaced_entities"],
            interval_text(row, "mean_output_tokens", as_percent=False),
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
