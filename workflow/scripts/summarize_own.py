"""Summarize a study of the user's own. Called by the rules `{study}_summarize` of rules/own.smk.

Inputs: `base_metrics`, `base_item_scores`; lists in the order of the param `runs` (name and seed of each): `metrics`,
`item_scores`, `records` (training.json), `guards` (guard.json; none where it is not measured); `manifest` of the data;
`audits` of base models.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.kinds.summary import BASE, RunFiles
        from medtune.stages.summarize_own import summarize

        given, params = snakemake.input, snakemake.params
        guards = given.guards or [None] * len(params.runs)
        of_runs = zip(params.runs, given.metrics, given.item_scores, given.records, guards, strict=True)
        summarize(
            params.task,
            params.title,
            [
                RunFiles(BASE, None, given.base_metrics, given.base_item_scores),
                *(RunFiles(run["name"], run["seed"], *files) for run, *files in of_runs),
            ],
            manifest=given.manifest,
            outputs=dict(snakemake.output.items()),
            seed=params.seed,
            audits=list(given.audits),
        )
