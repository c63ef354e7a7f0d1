"""Train one LoRA adapter. Called by the rule `train_adapter` and its derivatives."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.config import Tracking, Training
        from medtune.tasks.training import Job, train_adapter

        train_adapter(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                settings=Training(**snakemake.params.settings),
                seed=snakemake.params.seed,
                train=snakemake.input.train,
                validation=snakemake.input.validation,
                base=snakemake.input.base,
                batch_divisor=snakemake.resources.get("batch_divisor", 1),
                processes=max(1, snakemake.resources.get("gpu", 0)),
            ),
            adapter=Path(snakemake.output.weights).parent,
            record=Path(snakemake.output.record),
            state=Path(snakemake.params.state),
            # Neither tracking nor its folder changes the result, so they are no params, which would trigger reruns.
            tracking=Tracking(**snakemake.config["tracking"]),
            tracking_folder=Path(snakemake.config["results"]),
            run_name=snakemake.params.run_name,
        )
