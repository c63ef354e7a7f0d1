"""Analyse how well a tagger finds each type. Called by the rule `maccrobat_types`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.analysis.stages.analyse_types import analyse_types

        analyse_types(
            data=snakemake.input.data,
            tags=snakemake.input.tags,
            predictions=snakemake.input.predictions,
            outputs=dict(snakemake.output.items()),
        )
