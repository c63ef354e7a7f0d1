"""Analyse a tagger's errors. Called by the rule `maccrobat_errors`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.analysis.stages.analyse_errors import analyse_errors

        analyse_errors(
            data=snakemake.input.data,
            train=snakemake.input.train,
            predictions=snakemake.input.predictions,
            outputs=dict(snakemake.output.items()),
            samples=snakemake.params.samples,
            seed=snakemake.params.seed,
        )
