"""Train one tagger. Called by the rule `maccrobat_train`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.config import TaggerTraining
        from medtune.configuration import Config
        from medtune.stages.train_tagger import Job, train_tagger
        from medtune.studies.tracked_runs import tracked_run, tracking_of

        # Tracking changes no result, so it is no param: those trigger reruns.
        config = Config(**snakemake.config)
        settings = TaggerTraining(**snakemake.params.settings)
        train_tagger(
            Job(
                settings=settings,
                seed=snakemake.params.seed,
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                tags=snakemake.input.tags,
                base=snakemake.input.base,
                batch_divisor=snakemake.resources.get("batch_divisor", 1),
                processes=max(1, snakemake.resources.get("gpu", 0)),
                **snakemake.params.windows,
            ),
            model=Path(snakemake.output.weights).parent,
            record=Path(snakemake.output.record),
            state=Path(snakemake.params.state),
            tracking=tracking_of(config, snakemake.params.study),
            tracking_folder=Path(config.results, config.scale),
            tracked=tracked_run(
                config, snakemake.params.study, snakemake.output.record, dict(snakemake.wildcards.items()), "train"
            ),
        )
