"""Columns of tables of answers; names of the summary's tables and plots, and what is said of those that the report
shows."""

ITEM_COLUMNS = ("id", "split", "specialty", "status", "finish", "output_tokens")
"""First columns of items.csv; one for each metric follows, whose name must be another one."""
RESULT_COLUMNS = ("id", "split", "specialty", "question", "reference_answer", "generated_answer", "status")
"""The same of base_model_results.csv and finetuned_model_results.csv."""

TITLE = "Medical question answering"
SHOWN = {
    "comparisons": (
        f"{TITLE}: each iteration against the base model and the iteration before",
        "Paired permutation over the same questions; for metrics that find an answer right or wrong, p is that of the "
        "exact McNemar test. Holm-corrected over all rows. Reference 0 is the base model. A tie: the adjusted p is "
        "0.05 or more. Practised: the base model, asked in the form that it knows.",
    ),
    "learning_curve": (
        f"{TITLE}: the steering metric by the number of training questions",
        "Iteration 0 is the base model; practised: the same, asked in the form that it knows. 95 % intervals over "
        "questions.",
    ),
    "outlook": (
        f"{TITLE}: what another iteration would likely bring",
        "Least squares on the evaluation split over the iterations from 1: a level for each specialty, and one slope "
        "on the logarithm of its training questions. Expected: the fit at the recommended size; of all specialties, "
        "the figure now and the gain. Gain: what the slope says of the recommended growth. 95 % intervals over "
        "questions, resampled within each specialty. Nothing is predicted where it cannot be told.",
    ),
    "specialty_changes": (
        f"{TITLE}: what the iterations changed in each specialty",
        "The steering metric after the last training less that after the first, on the same questions. 95 % intervals; "
        "p by a paired permutation over questions, Holm-corrected over the specialties of a split. With n questions p "
        "is at least 2 to the power 1 − n, so that few questions can show no change after the correction.",
    ),
}
"""Tables that are pages of the report as well: what stands over each and under its title."""
PLAIN = ("progress", "near_twins")
"""Tables that are files alone."""
PLOTS = ("heat_map", "specialties", "overall", "growth")
