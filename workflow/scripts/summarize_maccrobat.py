"""Compare the taggers of the MACCROBAT study. Called by the rule `maccrobat_summarize`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.runs import run_files
        from medtune.studies.maccrobat.summarize import summarize

        given = snakemake.input
        summarize(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            selection=given.selection,
            data={"validation": given.validation, "test": given.test},
            tags=given.tags,
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
        )
