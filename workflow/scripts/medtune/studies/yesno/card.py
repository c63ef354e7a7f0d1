"""What the model cards of this study say."""

from collections.abc import Mapping

from medtune.reporting.cards import Headline, StudyCard
from medtune.studies.yesno.template import YesNoTask

HEADLINES = (
    Headline("accuracy", "accuracy"),
    Headline("strict_accuracy", "accuracy in the exact format"),
    Headline("macro_f1", "macro-F1"),
    Headline("format_rate", "answers in the exact format"),
    Headline("citation_rate", "answers with an invented citation"),
    Headline("question_overlap", "content words of the question in the rationale"),
    Headline("names_terms", "rationales that name the question's treatment and outcome (synthetic terms)"),
    Headline("agrees_with_label", "rationales whose cue words agree with the answer's label"),
    Headline("rationale_rouge_l", "ROUGE-L of the rationale with the gold one", share=False),
    Headline("mean_answer_tokens", "answer length, tokens", share=False),
    Headline("likelihood_accuracy", "accuracy of the likeliest label"),
    Headline("ece", "calibration error (ECE) of its likelihood", share=False),
    Headline("ece_of_chance", "ECE that a perfectly calibrated model has by chance", share=False),
    Headline("brier", "Brier score (0 to 2) of its likelihood", share=False),
)
FROM_WEIGHTS = "Not for decisions about patients: it answers from what the weights hold, without looking anything up."
FROM_ABSTRACT = "Not for decisions about patients: it answers from one abstract and from what the weights hold."
LIMITS = (
    "The label and its rationale can both be wrong, and a rationale can miss the question.",
    "Questions are in English and in the form shown above; other forms were not tested.",
    "Runs whose intervals overlap may differ by chance alone: see the paired comparisons in the summary.",
)
PUBLISHED = (
    "Published for this study, with Qwen3-1.7B-Base: 75.76 % test accuracy (25 of 33; ranks 16, 24 and 40), on other "
    "questions and another split. It is a point of reference for the paper scale, not for these test items."
)
ONLY_SYNTHETIC = "Trained and tested on questions made by rules: the figures say nothing about biomedical knowledge."
SOME_SYNTHETIC = "Some of the questions were made by rules (sources of format synthetic)."
CONFOUNDED = (
    "Labels and sources go together: {source} has no {labels}, so a model can tell labels by the source's style."
)

WITH_ABSTRACT = (
    "Each question is asked with its abstract, without the abstract's conclusion (PubMedQA's reasoning-required "
    "setting); those of the challenge set have none and are asked alone."
)
NEAR_TWINS = (
    "No abstract stands in two splits. Near twins in the training split, of question and abstract together: "
    "{validation} in validation, {test} in test ({method})."
)
TEST_IDS = "The test split is given: the {records} ids in `{path}`."


def setting(manifest: Mapping) -> list[str]:
    """Sentences on what is asked with a question and where the test split comes from; none where a question is asked
    alone and the split is drawn."""
    context, ids = manifest.get("context"), manifest.get("test_ids")
    sentences = []
    if context:
        near = context["near_twins"]
        sentences += [WITH_ABSTRACT, NEAR_TWINS.format(**near["count"], method=near["method"])]
    return [*sentences, TEST_IDS.format(**ids)] if ids else sentences


def confounded(labels_by_source: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A sentence for each source of the splits that lacks a label which another one has."""
    counts = {source: labels for source, labels in labels_by_source.items() if source != "challenge"}
    everywhere = {label for labels in counts.values() for label, count in labels.items() if count}
    lacking = {
        source: sorted(label for label in everywhere if not labels.get(label)) for source, labels in counts.items()
    }
    return [
        CONFOUNDED.format(source=source, labels=" and no ".join(labels)) for source, labels in lacking.items() if labels
    ]


def study_card(manifest: Mapping) -> StudyCard:
    """The card's texts for a data set. manifest: of the prepared data."""
    synthetic = [source["format"] == "synthetic" for source in manifest["sources"]]
    about_data = [ONLY_SYNTHETIC] if all(synthetic) else [SOME_SYNTHETIC] if any(synthetic) else []
    abstract = "context" in manifest
    prompt = "`Abstract: …`, a new line, `Q: …`, a new line, `A:`" if abstract else "`Q: …`, a new line, `A:`"
    example = {"question": "Does vitamin D supplementation reduce respiratory infections?"}
    source = FROM_ABSTRACT if abstract else FROM_WEIGHTS
    context = {"context": "A trial compared supplementation with placebo in adults."} if abstract else {}
    return StudyCard(
        title="Yes / No / Uncertain answers to biomedical questions: LoRA adapter",
        summary="Answers a yes/no question with `Yes.`, `No.` or `Uncertain.` and a rationale of one sentence, "
        f"without citations. There is no chat template: the prompt is {prompt}.",
        prompt=YesNoTask(context="abstract" if abstract else "none").prompt({**context, **example}),
        headlines=HEADLINES,
        limits=[*about_data, *setting(manifest), *confounded(manifest["labels_by_source"]), source, *LIMITS],
        tags=("biomedical", "question-answering"),
        published="" if all(synthetic) else PUBLISHED,
    )
