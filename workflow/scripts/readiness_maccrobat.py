"""Assess what may go without review. Called by the rule `maccrobat_readiness`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.assess_readiness import assess_chosen
        from medtune.studies.maccrobat.runs import run_files
        from medtune.studies.maccrobat.section import MaccrobatAnalysis

        given = snakemake.input
        assess_chosen(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            choice=given.choice,
            data={"validation": given.validation, "test": given.test},
            tags=given.tags,
            settings=MaccrobatAnalysis(**snakemake.params.settings),
            outputs=dict(snakemake.output.items()),
        )
