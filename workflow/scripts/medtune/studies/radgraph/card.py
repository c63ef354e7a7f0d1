"""What the model cards of this study say."""

from collections.abc import Mapping
from pathlib import Path

from medtune.reporting.cards import Headline, StudyCard
from medtune.studies.radgraph.template import RadGraphTask

HEADLINES = (
    Headline("strict_f1", "strict F1 (boundaries and type)"),
    Headline("strict_precision", "strict precision"),
    Headline("strict_recall", "strict recall"),
    Headline("exact_f1", "exact F1 (boundaries)"),
    Headline("partial_f1", "partial F1"),
    Headline("type_f1", "type F1"),
    Headline("radgraph_f1", "RadGraph F1 (sets of tokens and type)"),
    Headline("report_match", "reports without any error"),
    Headline("parse_rate", "outputs that parse"),
    Headline("ungroundable_rate", "values that are not in the sentence"),
    Headline("raw_offset_accuracy", "right offsets as the model writes them"),
    Headline("false_alarms_per_sentence", "false alarms per sentence without the entity", share=False),
    Headline("ece", "calibration error (ECE) of the items' confidences", share=False),
    Headline("ece_of_chance", "ECE that perfectly calibrated confidences have by chance", share=False),
)
KINDS = {
    "ANAT-DP": "anatomical structures and directions",
    "OBS-DP": "observations that are present",
    "OBS-DA": "observations that are absent",
    "OBS-U": "observations that are uncertain",
}
LIMITS = (
    "Not for decisions about patients: entities are missed and invented.",
    "It reads one sentence at a time, so that what the sentences around it say is lost on it.",
    "The offsets that it writes are guesses: look its values up in the text, as the workflow does.",
    "It lists one type of entity; the same words may be listed by the adapter of another one.",
)
ONLY_SYNTHETIC = (
    "Trained and tested on reports made by rules: the figures show how much of a task that is new to the base model an "
    "adapter learns, on sentences, templates and pairs of terms that neither has read; they say nothing about "
    "real reports."
)
SOME_SYNTHETIC = "Some of the reports were made by rules (sources of format synthetic)."
EXAMPLE = "There is a small left pleural effusion , and no pneumothorax ."


def study_card(manifest: Mapping, entity: str, prompt: Path | str) -> StudyCard:
    """The card's texts for one entity type. manifest: of the prepared data. prompt: as `RadGraphTask` takes it."""
    task = RadGraphTask(entity, prompt)
    synthetic = [source["format"] == "synthetic" for source in manifest["sources"]]
    about_data = [ONLY_SYNTHETIC] if all(synthetic) else [SOME_SYNTHETIC] if any(synthetic) else []
    return StudyCard(
        title=f"{entity} entities in radiology reports: LoRA adapter",
        summary=f"Lists {KINDS[entity]} (RadGraph type {entity}) in a sentence of a radiology report, as a JSON list "
        "of `entity_type`, `entity_value`, `start_position` and `end_position`; `[]` when there is none. There is no "
        "chat template: the prompt is the instruction, a line `Sentence: …` and a line `Answer:`; the answer follows "
        "on a line of its own.",
        prompt=task.prompt({"input": EXAMPLE}),
        headlines=HEADLINES,
        limits=[*about_data, *LIMITS],
        tags=("radiology", "named-entity-recognition", "radgraph"),
        max_new_tokens=256,
    )
