"""Fetch a base model from where the configuration says. Called by the rule `fetch_model`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads, offline=snakemake.params.source["source"] != "hub"):
        from medtune.models.sources import fetch, parse_source

        fetch(parse_source(snakemake.params.source), snakemake.wildcards.model, Path(snakemake.output.folder))
