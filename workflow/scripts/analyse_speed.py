"""Time a tagger. Called by the rule `maccrobat_speed`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from pathlib import Path

        from medtune.analysis.speed_measurement import tagger_loader, variants_here
        from medtune.analysis.stages.speed import analyse_speed
        from medtune.files import read_json

        windows = read_json(snakemake.input.tagging)
        analyse_speed(
            data=snakemake.input.data,
            load=tagger_loader(
                Path(snakemake.input.model).parent,
                tags=read_json(snakemake.input.tags)["tags"],
                window_tokens=windows["window_tokens"],
                overlap_tokens=windows["overlap_tokens"],
            ),
            variants=variants_here(),
            outputs=dict(snakemake.output.items()),
            timed=snakemake.params.timed,
            rounds=snakemake.params.rounds,
            threads=snakemake.threads,
            seed=snakemake.params.seed,
        )
