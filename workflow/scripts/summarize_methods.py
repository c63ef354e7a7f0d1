"""Put the methods of a study of the user's own beside each other. Called by the rules `{study}_methods` of
rules/own.smk.

Inputs: lists in the order of the param `units` (method, type, model, size, seed and seeded of each): `metrics`,
`item_scores`, `records` (training.json), `answering`; `manifest` of the data; `audits` of base models.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.kinds.method_units import UnitFiles
        from medtune.stages.summarize_methods import summarize

        given, params = snakemake.input, snakemake.params
        of_units = zip(params.units, given.metrics, given.item_scores, given.records, given.answering, strict=True)
        summarize(
            params.task,
            params.title,
            [UnitFiles(**unit, metrics=m, items=i, record=r, answering=a) for unit, m, i, r, a in of_units],
            outputs=dict(snakemake.output.items()),
            seed=params.seed,
            manifest=given.manifest,
            audits=list(given.audits),
        )
