"""Write the findings of the MACCROBAT study in words. Called by the rule `maccrobat_insights`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.runs import run_files
        from medtune.studies.maccrobat.write_insights import OF_RUNS, write_insights

        given = snakemake.input
        write_insights(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            choice=given.choice,
            of_runs={name: given[name] for name in OF_RUNS},
            readiness=given.readiness,
            outputs=dict(snakemake.output.items()),
        )
