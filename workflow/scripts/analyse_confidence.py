"""Analyse what a tagger's confidence is worth. Called by the rule `maccrobat_confidence`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.maccrobat.analysis.stages.analyse_confidence import analyse_confidence

        analyse_confidence(
            data={split: snakemake.input[split] for split in ("validation", "test")},
            predictions=snakemake.input.predictions,
            outputs=dict(snakemake.output.items()),
            thresholds=snakemake.params.thresholds,
            target=snakemake.params.target,
        )
