"""Recommend which specialties get more training data. Called by the rule `meerkat_recommend`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.recommend import recommend

        given = snakemake.input
        recommend(
            metrics=given.metrics,
            items=given.item_scores,
            base_metrics=given.base_metrics,
            stats=given.stats,
            settings=snakemake.params.settings,
            steering=snakemake.params.steering,
            output=snakemake.output.recommendations,
        )
