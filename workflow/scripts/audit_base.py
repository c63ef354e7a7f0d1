"""Audit a base model: are the gold answers of test likelier to it than those of train? Called by the rules
{study}_audit (rules/road.smk).

Inputs: `train`, `test` (JSON lines), `base` (folder). Output: `audit` (JSON).
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.audit_base import Job, audit_base

        audit_base(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                splits={split: snakemake.input[split] for split in ("train", "test")},
                base=snakemake.input.base,
                items=snakemake.params.most_items,
                seed=snakemake.params.seed,
                batch_tokens=snakemake.resources.batch_tokens,
                **snakemake.params.quantization,
            ),
            snakemake.output.audit,
        )
