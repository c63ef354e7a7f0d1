"""Tag the documents of some splits with one model. Called by the rule `maccrobat_tag`.

Input `model` is the config.json in the model's folder; the data files are inputs named after their splits.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.tag import Job, tag_documents

        tag_documents(
            Job(
                model=Path(snakemake.input.model).parent,
                splits={split: snakemake.input[split] for split in snakemake.params.splits},
                train=snakemake.input.train,
                tags=snakemake.input.tags,
                batch_tokens=snakemake.resources.batch_tokens,
                **snakemake.params.tagging,
                **snakemake.params.windows,
            ),
            predictions=Path(snakemake.output.predictions),
            record=Path(snakemake.output.record),
            settings=Path(snakemake.output.settings),
            script=Path(snakemake.output.script),
        )
