"""Summarize the RadGraph study. Called by the rule `radgraph_summarize`.

Inputs are lists in the order of the param `entities`: `base_metrics`, `base_results`, `metrics`, `results`.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.tasks.radgraph.runs import RunFiles
        from medtune.tasks.radgraph.summarize import summarize

        given, entities = snakemake.input, snakemake.params.entities
        base = zip(entities, given.base_metrics, given.base_results, strict=True)
        adapters = zip(entities, given.metrics, given.results, strict=True)
        summarize(
            [
                *(RunFiles(entity, "base", metrics, results) for entity, metrics, results in base),
                *(RunFiles(entity, "adapter", metrics, results) for entity, metrics, results in adapters),
            ],
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
            target=snakemake.params.target,
        )
