"""Put the chosen tagger into one folder. Called by the rule `maccrobat_export`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.export import export
        from medtune.studies.maccrobat.runs import run_files

        given = snakemake.input
        export(
            run_files(snakemake.params.runs, given.records, given.taggings, given.predictions, given.speeds),
            choice=given.choice,
            tags=given.tags,
            folder=snakemake.output.folder,
        )
