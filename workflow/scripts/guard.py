"""Measure what an adapter forgot of all but its task. Called by the rules {study}_guard (rules/road.smk).

Input `adapter` is the adapter_config.json in its folder; `tests` are files with items of other studies, in the order of
the param `sources`; `train`, where there are such, is what it was trained on.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.guard import Job, Source, measure_forgetting

        given, params = snakemake.input, snakemake.params
        measure_forgetting(
            Job(
                **params.settings,
                **params.quantization,
                sources=[Source(**source, test=test) for source, test in zip(params.sources, given.tests, strict=True)],
                train=given.get("train"),
                base=given.base,
                adapter=Path(given.adapter).parent,
                seed=params.seed,
                batch_tokens=snakemake.resources.batch_tokens,
            ),
            snakemake.output.guard,
        )
