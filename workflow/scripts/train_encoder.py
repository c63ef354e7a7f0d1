"""Train the encoder of one unit of a study of the user's own. Called by its rule {study}_train_encoder."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.config import TaggerTraining
        from medtune.configuration import Config
        from medtune.stages.train_encoder import Job, train_encoder
        from medtune.studies.tracked_runs import tracked_run, tracking_of

        # Tracking changes no result, so it is no param: those trigger reruns.
        config = Config(**snakemake.config)
        train_encoder(
            Job(
                settings=TaggerTraining(**snakemake.params.settings),
                seed=snakemake.params.seed,
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                base=snakemake.input.base,
                batch_divisor=snakemake.resources.get("batch_divisor", 1),
                processes=max(1, snakemake.resources.get("gpu", 0)),
                kind=snakemake.params.kind,
                **snakemake.params.types,
                **snakemake.params.windows,
            ),
            model=Path(snakemake.output.model),
            record=Path(snakemake.output.record),
            state=Path(snakemake.params.state),
            tracking=tracking_of(config, snakemake.params.study),
            tracking_folder=Path(config.results, config.scale),
            tracked=tracked_run(
                config, snakemake.params.study, snakemake.output.record, dict(snakemake.wildcards.items()), "train"
            ),
        )
