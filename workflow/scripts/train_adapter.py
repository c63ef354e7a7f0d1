"""Train one LoRA adapter. Called by the rules {study}_train (rules/road.smk).

Optional inputs: `start`, the adapter_config.json of an adapter to go on from; `earlier_record` and `earlier_adapter`,
training.json and adapter_config.json of an earlier run, which are copied when this one would repeat it.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.config import Training
        from medtune.configuration import Config
        from medtune.stages.train_adapter import Job, train_adapter
        from medtune.studies.tracked_runs import tracked_run, tracking_of

        # Tracking changes no adapter, and of generation only the param `answer_tokens` does: params trigger reruns.
        config = Config(**snakemake.config)
        study = snakemake.params.study
        settings = Training(**snakemake.params.settings)
        start, earlier = snakemake.input.get("start"), snakemake.input.get("earlier_adapter")
        train_adapter(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                settings=settings,
                generation=config.section_of(study).generation,
                seed=snakemake.params.seed,
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                base=snakemake.input.base,
                batch_divisor=snakemake.resources.get("batch_divisor", 1),
                processes=max(1, snakemake.resources.get("gpu", 0)),
                start=Path(start).parent if start else None,
                earlier_record=snakemake.input.get("earlier_record") or None,
                earlier_adapter=Path(earlier).parent if earlier else None,
            ),
            adapter=Path(snakemake.output.weights).parent,
            record=Path(snakemake.output.record),
            state=Path(snakemake.params.state),
            tracking=tracking_of(config, study),
            tracking_folder=Path(config.results, config.scale),
            tracked=tracked_run(config, study, snakemake.output.record, dict(snakemake.wildcards.items()), "train"),
        )
