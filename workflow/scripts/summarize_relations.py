"""Summarize the relations study. Called by the rule `relations_summarize`.

Inputs `metrics` and `item_scores` are lists in the order of the param `runs`: names with their effective settings.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_json
        from medtune.studies.relations.runs import RunFiles
        from medtune.studies.relations.summarize import summarize

        given, runs = snakemake.input, snakemake.params.runs
        summarize(
            [
                RunFiles(name, settings, metrics, items)
                for (name, settings), metrics, items in zip(runs.items(), given.metrics, given.item_scores, strict=True)
            ],
            read_json(given.manifest),
            outputs=dict(snakemake.output.items()),
            seed=snakemake.params.seed,
        )
