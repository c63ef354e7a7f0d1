"""Make the rows of the second step from the answers of the first. Called by the rule `relations_given`.

Inputs: rows of the first step, named after their splits, and `predictions`, the answers to them. Outputs: the rows of
the second step under the same names. Params: `splits`, their names.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_jsonl, write_jsonl
        from medtune.studies.relations.rows import read_rows
        from medtune.studies.relations.steps import given_rows

        splits = snakemake.params.splits
        rows = given_rows(
            {split: read_rows(snakemake.input[split]) for split in splits}, read_jsonl(snakemake.input.predictions)
        )
        for split in splits:
            write_jsonl(snakemake.output[split], rows[split])
