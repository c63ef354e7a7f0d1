"""Summarize the yes/no study. Called by the rule `yesno_summarize`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.yesno.runs import RunFiles
        from medtune.studies.yesno.summarize import summarize

        given = snakemake.input
        summarize(
            base=RunFiles(given.base_metrics, given.base_item_scores, given.base_predictions),
            practised=RunFiles(
                given.practised_metrics, given.practised_item_scores, given.practised_predictions, practised=True
            ),
            runs=[
                RunFiles(metrics, items, predictions, record, run["rank"], run["seed"])
                for metrics, items, predictions, record, run in zip(
                    given.metrics,
                    given.item_scores,
                    given.predictions,
                    given.records,
                    snakemake.params.runs,
                    strict=True,
                )
            ],
            challenge=given.challenge,
            manifest=given.manifest,
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
        )
