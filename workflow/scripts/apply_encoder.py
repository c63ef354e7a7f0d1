"""Answer the examples of some splits with the encoder of one unit. Called by the rule {study}_apply_encoder.

Input `model` is the folder that train_encoder.py wrote; the data files are inputs named after their splits.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.apply_encoder import Job, apply_encoder

        apply_encoder(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                splits={split: snakemake.input[split] for split in snakemake.params.splits},
                model=Path(snakemake.input.model),
                batch_tokens=snakemake.resources.batch_tokens,
                **snakemake.params.windows,
            ),
            predictions=Path(snakemake.output.predictions),
            record=Path(snakemake.output.record),
        )
