"""Write the training set of one iteration of the Meerkat study. Called by the rule `meerkat_grow`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.prepare import GrowthFiles, IterationFiles, grow

        grow(
            iteration=int(snakemake.wildcards.iteration),
            by_hand=snakemake.params.adjustments,
            given=GrowthFiles(
                holdout=Path(snakemake.input.holdout),
                evaluation=Path(snakemake.input.evaluation),
                growth=Path(snakemake.input.growth),
                manifest=Path(snakemake.input.manifest),
            ),
            files=IterationFiles(
                train_dataset=Path(snakemake.output.train_dataset),
                eval_pool_dataset=Path(snakemake.output.pool_dataset),
                train=Path(snakemake.output.train),
                stats=Path(snakemake.output.stats),
            ),
            previous_stats=snakemake.input.get("stats"),
            previous_recommendations=snakemake.input.get("recommendations"),
        )
