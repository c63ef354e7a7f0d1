"""Pre-train one encoder further. Called by the rule `pretrain_encoder` and its derivatives."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.config import Config, MaskedWords
        from medtune.tasks.further_pretraining import Job, pretrain_encoder

        # Tracking changes no result, so it is no param: those trigger reruns.
        config = Config(**snakemake.config)
        project = getattr(config, snakemake.params.study).project
        pretrain_encoder(
            Job(
                settings=MaskedWords(**snakemake.params.settings),
                seed=snakemake.params.seed,
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                base=snakemake.input.base,
                window_tokens=snakemake.params.windows["window_tokens"],
                batch_divisor=snakemake.resources.get("batch_divisor", 1),
            ),
            model=Path(snakemake.output.model),
            state=Path(snakemake.params.state),
            tracking=config.tracking.model_copy(update={"project": project}),
            tracking_folder=Path(config.results, config.scale),
            run_name=f"{snakemake.params.model}-pretraining",
        )
