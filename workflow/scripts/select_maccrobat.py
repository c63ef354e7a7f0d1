"""Rank the configurations and choose the run that all else follows. Called by the rule `maccrobat_select`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.runs import run_files
        from medtune.studies.maccrobat.section import SelectionWeights
        from medtune.studies.maccrobat.select_configuration import select

        given = snakemake.input
        select(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            data={"validation": given.validation, "test": given.test},
            tags=given.tags,
            manifest=given.manifest,
            weights=SelectionWeights(**snakemake.params.weights),
            outputs=dict(snakemake.output.items()),
        )
