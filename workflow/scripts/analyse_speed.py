"""Time a tagger. Called by the rule `maccrobat_speed`."""

from medtune.runtime import job

if __name__ == "__main__":
    threads = min(snakemake.params.threads, snakemake.threads)  # the other cores are kept free
    with job(snakemake.log, threads):
        from pathlib import Path

        from medtune.methods.encoder.tagger import read_settings
        from medtune.studies.maccrobat.analysis.speed_measurement import reported_variant, tagger_loader, variants_here
        from medtune.studies.maccrobat.analysis.stages.analyse_speed import analyse_speed

        folder = Path(snakemake.input.model).parent
        settings = read_settings(folder)
        analyse_speed(
            data=snakemake.input.data,
            load=tagger_loader(folder),
            variants=variants_here(),
            reported=reported_variant(settings.precision),
            batch_size=max(1, snakemake.resources.batch_tokens // settings.window_tokens),
            outputs=dict(snakemake.output.items()),
            timed=snakemake.params.timed,
            rounds=snakemake.params.rounds,
            threads=threads,
        )
