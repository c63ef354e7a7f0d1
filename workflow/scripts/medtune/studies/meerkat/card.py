"""What the model cards of this study say."""

from collections.abc import Mapping
from pathlib import Path

from medtune.metrics.text.names import BLEU, BUILT_IN, EXACT_MATCH, MEDICAL_TERM_F1, ROUGE, TOKEN_F1
from medtune.models.chat import prompt_text
from medtune.reporting.cards import Headline, StudyCard
from medtune.studies.meerkat.synthetic import what_figures_show
from medtune.studies.meerkat.template import MeerkatTask

HOLDOUT = "holdout"
"""The split whose figures the card shows: it steers nothing."""
ALWAYS = (*BLEU[-1:], *ROUGE, EXACT_MATCH, TOKEN_F1, MEDICAL_TERM_F1)
"""Metrics that are there whatever the settings."""
ANSWERS = (
    Headline("answer_rate", "questions that get an answer"),
    Headline("cut_rate", "answers that were cut"),
    Headline("mean_answer_tokens", "answer length, tokens", share=False),
)
LIMITS = (
    "Not for decisions about patients: it answers from what the weights hold, without looking anything up.",
    "The metrics compare words with those of one reference answer. A fluent answer that is wrong can score high, and "
    "a right one in other words low.",
    "Specialties differ: see the figures of each in the tables of the study.",
)
QUESTION = "What are the first signs of diabetic ketoacidosis?"


def study_card(
    manifest: Mapping,
    steering: str = ROUGE[-1],
    base: Path | str | None = None,
    system_message: str = "",
    template: Path | str | None = None,
    answer_tokens: int | None = None,
) -> StudyCard:
    """The card's texts. manifest: of the frozen data. steering: metric that says which specialties are low.

    base: folder of the base model, for its own chat template; None where it has none. The others: as `MeerkatTask`
    takes them. Raises InputError for a template that cannot be used.
    """
    task = MeerkatTask(system_message, template, answer_tokens)
    example = {"question": QUESTION}
    own = None if base is None or template is not None else _chat_template(base)
    shown = dict.fromkeys([*([steering] if steering in BUILT_IN else []), *ALWAYS])
    about_data = what_figures_show(manifest)
    return StudyCard(
        title="Answers to medical questions: LoRA adapter",
        summary="Answers a medical question in a few sentences, as one turn of a chat: "
        f"{'a system message and the question' if task.system_message else 'the question'}, in "
        f"{_form(own, task)}. Its specialties got training data by how well the model before it did in each. The "
        f"figures below are of the holdout: {_most(manifest)} of each specialty, which no iteration saw.",
        prompt=task.prompt(example) if own is None else prompt_text(own, task.system_message, QUESTION),
        headlines=(*(Headline(metric, metric.replace("_", " ")) for metric in shown), *ANSWERS),
        limits=[*([about_data] if about_data else []), *LIMITS],
        tags=("medical", "question-answering"),
        items="questions",
        held_out="holdout",
        max_new_tokens=256 if answer_tokens is None else answer_tokens,
    )


def card_metrics(metrics: Mapping) -> dict:
    """metrics.json as the card reads it: the figures of the holdout, over all specialties, in the place of "test"."""
    holdout = metrics["splits"][HOLDOUT]
    return {"splits": {"test": {**holdout["overall"], **{line.key: holdout[line.key] for line in ANSWERS}}}}


def _most(manifest: Mapping) -> str:
    number = manifest["rule"]["holdout"]
    return f"{number} record{'' if number == 1 else 's'}"


def _form(own: str | None, task: MeerkatTask) -> str:
    if own is not None:
        return "the chat template of the base model"
    return "a plain chat template" if task.template is None else "a chat template of its own"


def _chat_template(base: Path | str) -> str | None:
    """A model's own chat template, where it has one."""
    from medtune.models.loading import load_tokenizer

    tokenizer = load_tokenizer(Path(base))
    return tokenizer.get_chat_template() if tokenizer.chat_template else None
