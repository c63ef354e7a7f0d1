"""Names of the summary's tables and plots, and what is said of those that the report shows."""

from medtune.reporting.captions import Caption

SYNTHETIC = (
    "The reports are synthetic. The figures show that the workflow works, and how much of a task that is new to the "
    "base model an adapter learns: sentences, templates and pairs of terms of the validation and test reports are not "
    "in its pre-training text, nor in the training reports. They say nothing about real reports."
)
SHOWN = {
    "entities": Caption(
        "RadGraph study: entity types, before and after training",
        "Strict: boundaries and type; exact: boundaries; partial: half a point for an overlap; type: type and an "
        "overlap; RadGraph: sets of tokens and type. Values that are not in the sentence are false positives. "
        "Intervals are 95 %, over reports.",
    ),
    "comparisons": Caption(
        "RadGraph study: base model and adapters on the test reports",
        "Strict F1 of the adapter and of the base model, asked in the study's form (base) and in its practised form; "
        "paired permutation over reports, Holm-corrected over all rows. A tie is an adjusted p of 0.05 or more.",
    ),
    "thresholds": Caption(
        "RadGraph study: reports accepted without review",
        "The threshold is the least at which the target share of accepted validation reports is right with the lower "
        "end of its 95 % interval; there is none where the confidence does not tell right reports from wrong ones "
        "(interval of the area under the ROC curve down to 0.5). A report's "
        "confidence is the least of all its items and of the ends of its lists. Right means that nothing is missed "
        "and nothing spurious. Reports with an output that does not parse, or a value that is not in the text, are "
        "never accepted; those without any prediction count like the others. Ready: the lower end of the accuracy's "
        "95 % interval on the test reports reaches the target.",
    ),
}
"""Tables that are pages of the report as well."""
PLAIN = ("confusion", "merged", "conflicts")
"""Tables that are files alone."""
PLOTS = ("strict_f1", "confusion")


def with_caution(text: str, synthetic: bool) -> str:
    """A text, and what figures of synthetic reports show."""
    return f"{text} {SYNTHETIC}" if synthetic else text
