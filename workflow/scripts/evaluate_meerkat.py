"""Compare the model of one iteration with the base model. Called by the rule `meerkat_evaluate`.

Inputs: `base_metrics`, `base_item_scores`, `base_counts`, `base_predictions`; the first three of the base model in its
practised form, where there is one, with `practised_`; the same of the iteration without a prefix; its `record`
(training.json) and `stats` (dataset_stats.json); the data of the splits, `evaluation` and `holdout`. Outputs: see
`medtune.studies.meerkat.evaluate.evaluate`. Wildcard: `iteration`. Param: `seed`.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.evaluate import evaluate
        from medtune.studies.meerkat.runs import PRACTISED, SPLITS, RunFiles

        given = snakemake.input
        evaluate(
            base=RunFiles(0, given.base_metrics, given.base_item_scores, given.base_counts, given.base_predictions),
            tuned=RunFiles(
                int(snakemake.wildcards.iteration),
                given.metrics,
                given.item_scores,
                given.counts,
                given.predictions,
                given.record,
                given.stats,
            ),
            examples={split: given[split] for split in SPLITS},
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
            practised=RunFiles(PRACTISED, given.practised_metrics, given.practised_item_scores, given.practised_counts)
            if given.get("practised_metrics")
            else None,
        )
