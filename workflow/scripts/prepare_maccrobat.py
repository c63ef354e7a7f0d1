"""Prepare the MACCROBAT study's splits. Called by the rule `maccrobat_prepare`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.prepare import prepare
        from medtune.studies.maccrobat.section import MaccrobatData

        prepare(
            data=MaccrobatData(**snakemake.params.settings),
            seed=snakemake.params.seed,
            train=snakemake.output.train,
            validation=snakemake.output.validation,
            test=snakemake.output.test,
            tags=snakemake.output.tags,
            manifest=snakemake.output.manifest,
            encoders=snakemake.params.encoders,
        )
