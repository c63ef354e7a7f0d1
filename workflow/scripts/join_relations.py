"""Join the answers of both steps to the predictions of the run. Called by the rule `relations_join`.

Inputs `first` and `second` are predictions of the two steps, output `predictions` is predictions.jsonl. No params.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_jsonl, write_jsonl
        from medtune.studies.relations.steps import join_steps

        joined = join_steps(read_jsonl(snakemake.input.first), read_jsonl(snakemake.input.second))
        write_jsonl(snakemake.output.predictions, joined)
