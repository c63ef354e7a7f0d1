"""Write the model card of an adapter. Called by the rule `write_card` and its derivatives.

The param `options`, where there is one, goes to the study's `study_card` by its names.
"""

from importlib import import_module
from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_json
        from medtune.reporting.cards import write_card

        study = import_module(f"medtune.tasks.{snakemake.params.task}.card")
        manifest = read_json(snakemake.input.manifest)
        write_card(
            snakemake.output.card,
            study=study.study_card(manifest, **snakemake.params.get("options", {})),
            base_folder=snakemake.input.base,
            adapter_folder=Path(snakemake.input.adapter).parent,
            base=read_json(Path(snakemake.input.base) / "record.json"),
            manifest=manifest,
            record=read_json(snakemake.input.record),
            metrics=read_json(snakemake.input.metrics),
        )
