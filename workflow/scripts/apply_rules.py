"""Answer the examples of some splits by rules learnt from the training split. Called by the rules {study}_rules.

The data files are inputs named after their splits.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.apply_rules import Job, apply_rules

        apply_rules(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                options=snakemake.params.options,
                train=snakemake.input.train,
                splits={split: snakemake.input[split] for split in snakemake.params.splits},
            ),
            predictions=Path(snakemake.output.predictions),
            training=Path(snakemake.output.training),
            answering=Path(snakemake.output.answering),
        )
