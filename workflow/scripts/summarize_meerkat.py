"""Summarize the medical question answering study. Called by the rule `meerkat_summarize`.

Inputs: `base_metrics`, `base_item_scores`, `base_counts`; lists in the order of the iterations, from 1: `metrics`,
`item_scores`, `counts`, `records` (training.json), `stats` (dataset_stats.json); `recommendations`, the
training_recommendations.json of the last iteration; `manifest` of the data; of an adapter made elsewhere and of the
base model in its practised form, where there is one, `given_metrics`, `given_item_scores`, `given_counts`, and the same
with `practised_`. Outputs: see `medtune.studies.meerkat.summarize.summarize`.
Params: `steering` (name of the steering metric), `seed`.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.runs import GIVEN, PRACTISED, RunFiles
        from medtune.studies.meerkat.summarize import summarize

        given = snakemake.input
        summarize(
            base=RunFiles(0, given.base_metrics, given.base_item_scores, given.base_counts),
            iterations=[
                RunFiles(iteration, metrics, items, counts, record=record, stats=stats)
                for iteration, (metrics, items, counts, record, stats) in enumerate(
                    zip(given.metrics, given.item_scores, given.counts, given.records, given.stats, strict=True),
                    start=1,
                )
            ],
            given=RunFiles(GIVEN, given.given_metrics, given.given_item_scores, given.given_counts)
            if given.get("given_metrics")
            else None,
            practised=RunFiles(PRACTISED, given.practised_metrics, given.practised_item_scores, given.practised_counts)
            if given.get("practised_metrics")
            else None,
            recommendations=given.recommendations,
            manifest=given.manifest,
            steering=snakemake.params.steering,
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
        )
