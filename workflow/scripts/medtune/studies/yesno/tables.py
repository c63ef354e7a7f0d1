"""Names of the summary's tables and plots, and what is said of those that the report shows."""

from collections.abc import Mapping

from medtune.reporting.captions import Caption

SYNTHETIC = (
    "All questions are synthetic, made by rules. The figures show whether an adapter learns the format, "
    "which words for an effect mean Yes, No or Uncertain, and to copy the finding. They say nothing about medicine."
)
SHOWN = {
    "ranks": Caption(
        "Yes/no study: all ranks",
        "Figures of the test split, but for validation_accuracy, which the choice was made on. Intervals are 95 % and "
        "over questions. The chosen run stands out.",
    ),
    "comparisons": Caption(
        "Yes/no study: paired comparisons on the test items",
        "Exact McNemar on the items that only one of the two has right, Holm-corrected within each family: every "
        "run against the base, against the base in its practised form, and every other run against the chosen one. A "
        "tie is an adjusted p of 0.05 or more.",
    ),
    "challenge": Caption(
        "Yes/no study: challenge questions",
        "The same questions put to the base model, in the study's form and in its practised form, and to the chosen "
        "run, with greedy decoding.",
    ),
}
"""Tables that are pages of the report as well."""
PLAIN = ("seeds", "ensemble", "confusion", "labels", "sources")
"""Tables that are files alone."""
PLOTS = ("accuracy", "confusion", "reliability", "curves")


def what_figures_show(manifest: Mapping) -> str | None:
    """What figures of synthetic questions show; None where some are real. manifest: of the data."""
    return SYNTHETIC if all(source["format"] == "synthetic" for source in manifest["sources"]) else None
