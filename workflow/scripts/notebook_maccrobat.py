"""Write and execute the summary notebook. Called by the rule `maccrobat_notebook`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.notebook import write_summary_notebook
        from medtune.studies.maccrobat.runs import run_files

        given = snakemake.input
        write_summary_notebook(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            choice=given.choice,
            readiness=given.readiness,
            selection=given.selection,
            insights=given.insights,
            ipynb=snakemake.output.ipynb,
            html=snakemake.output.html,
        )
