"""Make and pre-train a tiny base model. Called by the rule `make_model`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.models.sources import parse_source
        from medtune.stages.make_model import make

        make(parse_source(snakemake.params.source), snakemake.wildcards.model, Path(snakemake.output.folder))
