"""Summarize the RadGraph study. Called by the rule `radgraph_summarize`.

Inputs are lists in the order of the param `entities`: `base_metrics`, `base_results`, `practised_metrics`,
`practised_results`, `metrics`, `results`; `manifest` is that of the data.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_json
        from medtune.studies.radgraph.runs import RunFiles
        from medtune.studies.radgraph.summarize import summarize

        given, entities = snakemake.input, snakemake.params.entities
        files = {
            "base": (given.base_metrics, given.base_results),
            "practised": (given.practised_metrics, given.practised_results),
            "adapter": (given.metrics, given.results),
        }
        sources = read_json(given.manifest)["sources"]
        summarize(
            [
                RunFiles(entity, model, metrics, results)
                for model, paths in files.items()
                for entity, metrics, results in zip(entities, *paths, strict=True)
            ],
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
            target=snakemake.params.target,
            synthetic=all(source["format"] == "synthetic" for source in sources),
        )
