"""Check an adapter that was made elsewhere and take a copy. Called by the rule `meerkat_take_adapter`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.given import take_adapter

        take_adapter(
            source=Path(snakemake.params.settings["adapter"]),
            template=snakemake.params.settings["template"],
            base=Path(snakemake.input.base),
            task_options=snakemake.params.task_options,
            adapter=Path(snakemake.output.config).parent,
            record=Path(snakemake.output.record),
        )
