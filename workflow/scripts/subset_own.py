"""Draw a smaller training split of a study of the user's own. Called by its rule {study}_subset (rules/own.smk)."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.data.own.subsets import nested_subset
        from medtune.files import read_jsonl, write_jsonl

        path, params = snakemake.input.train, snakemake.params
        write_jsonl(snakemake.output.train, nested_subset(list(read_jsonl(path)), params.size, params.seed, path))
