"""Merge one adapter into its base model. Called by the rule `radgraph_merge`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.merge_adapter import Job, merge_adapter

        merge_adapter(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                validation=snakemake.input.validation,
                base=snakemake.input.base,
                adapter=Path(snakemake.input.adapter).parent,
                quantization=snakemake.params.quantization["quantization"],
            ),
            model=Path(snakemake.output.model),
            record=Path(snakemake.output.record),
        )
