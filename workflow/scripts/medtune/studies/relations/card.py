"""What the model cards of this study say."""

from collections.abc import Mapping
from pathlib import Path

from medtune.data.related import RelatedDocument
from medtune.reporting.cards import Headline, StudyCard
from medtune.reporting.tables import escape_markdown
from medtune.studies.relations.notes import PUBLISHED_NOTE, published_words, what_figures_show
from medtune.studies.relations.rows import row_of
from medtune.studies.relations.runs import labels_of
from medtune.studies.relations.template import RelationsTask

HEADLINES = (
    Headline("entity_f1", "entities: strict F1 (boundaries and type)"),
    Headline("entity_precision", "entities: strict precision"),
    Headline("entity_recall", "entities: strict recall"),
    Headline("entity_macro_f1", "entities: strict macro-F1 (mean over types)"),
    Headline("relation_f1", "relations: strict F1 (type, direction, both entities)"),
    Headline("relation_precision", "relations: strict precision"),
    Headline("relation_recall", "relations: strict recall"),
    Headline("relation_macro_f1", "relations: strict macro-F1 (mean over types)"),
    Headline("relation_relaxed_f1", "relations: relaxed F1 (entities overlap)"),
    Headline("relation_f1_gold_entities", "relations: strict F1 with the gold entities given"),
    Headline("parse_rate", "outputs that parse"),
    Headline("repair_rate", "outputs that break off and were cut after a complete item"),
    Headline("mean_output_tokens", "output length, tokens", share=False),
)
LIMITS = (
    "Not for decisions about patients: entities and relations are missed and invented.",
    "A relation is what a text asserts; whether it is true is not looked at.",
    "It gives no offsets: look its values up in the text, as the workflow does.",
    "It may repeat itself and relate what the schema does not allow: the workflow can leave both out.",
)
SOME_SYNTHETIC = "Some of the documents were made by rules (sources of format synthetic)."
STEPS = {
    "joint": "The answer to one prompt is a JSON object of `entities` (`text`, `type`) and `relations` (`head`, "
    "`type`, `tail`).",
    "entities": "Two prompts: the first asks for a JSON object of `entities` (`text`, `type`), as below; the second "
    "names these and asks for one of `relations` (`head`, `type`, `tail`).",
}
EXAMPLE = "Metformin was started for type 2 diabetes. Polyuria had suggested the diagnosis."


def study_card(
    manifest: Mapping,
    prompts: Path | str,
    two_steps: bool = False,
    relation_weight: float = 1.0,
) -> StudyCard:
    """The card's texts for one run. manifest: of the prepared data. The others: as `RelationsTask` takes them. Raises
    InputError for a file that is missing."""
    task = RelationsTask(prompts, two_steps, relation_weight)
    labels = labels_of(manifest)
    synthetic = [source["format"] == "synthetic" for source in manifest["sources"]]
    shown = what_figures_show(manifest)
    about_data = [shown] if shown else [SOME_SYNTHETIC] if any(synthetic) else []
    proxy = [f"Labels: {escape_markdown(labels.name)}. {escape_markdown(labels.caption)}"] if labels.caption else []
    return StudyCard(
        title="Entities and relations in biomedical texts: LoRA adapter",
        summary=f"Lists the entities of a text and the relations between them. {STEPS[task.steps[0]]} There is no chat "
        "template: the prompt is the instruction, a line `Text: …` and a line `Answer:`; the answer follows on a line "
        "of its own.",
        prompt=task.prompt(row_of(RelatedDocument("example", EXAMPLE), task.steps[0])),
        headlines=HEADLINES,
        limits=[*about_data, *proxy, *LIMITS],
        tags=("biomedical", "named-entity-recognition", "relation-extraction"),
        items="documents",
        published="" if shown else f"{PUBLISHED_NOTE} {published_words()}",
        max_new_tokens=512,
    )
