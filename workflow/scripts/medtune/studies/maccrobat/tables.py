"""Names of the summary's tables and plots, and what is said of those that the report shows."""

from medtune.reporting.captions import Caption

SHOWN = {
    "models": Caption(
        "MACCROBAT study: all runs",
        "Strict micro- and macro-F1, precision and recall on the test documents; 95 % intervals over documents. "
        " all_gold_recall is of all gold entities, also of those that flat tags do not hold: nested ones are "
        "found where a prediction is exactly the dropped one, discontinuous ones never. words_per_second is the median "
        "of repeated rounds. The choice was made without the test documents; the chosen run stands out.",
    ),
    "comparisons": Caption(
        "MACCROBAT study: other runs against the chosen one",
        "Strict micro-F1 on the same test documents: paired permutation over documents, Holm-corrected over all "
        "comparisons. A tie is an adjusted p of 0.05 or more.",
    ),
    "best_by_type": Caption(
        "MACCROBAT study: the best run for each entity type",
        "The run with the highest F1 of the type on validation, its F1 on test, and the difference from the chosen run "
        "there (paired permutation over documents, Holm-corrected over types). A tie: an adjusted p of 0.05 or more.",
    ),
}
"""Tables that are pages of the report as well."""
PLAIN = ("validation", "seeds")
"""Tables that are files alone."""
PLOTS = ("micro_f1", "type_f1")
