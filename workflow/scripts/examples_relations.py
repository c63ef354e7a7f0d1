"""Examples of what the chosen run of the relations study finds. Called by the rule `relations_examples`.

The input `predictions` is a list in the order of the param `runs`: names with their effective settings.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_json, read_jsonl
        from medtune.studies.relations.examples import write_examples
        from medtune.studies.relations.runs import labels_of
        from medtune.studies.relations.schema_file import read_schema

        given, params = snakemake.input, snakemake.params
        chosen = read_json(given.choice)["chosen"]
        settings = params.runs[chosen]
        write_examples(
            snakemake.output.page,
            read_jsonl(given.test),
            read_jsonl(dict(zip(params.runs, given.predictions, strict=True))[chosen]),
            read_schema(given.schema),
            chosen,
            labels_of(read_json(given.manifest)),
            deduplicate=settings["deduplicate"],
            drop_violations=settings["drop_violations"],
            most=params.most,
            seed=params.seed,
        )
