"""Annotate new reports. Called by the rule `radgraph_annotate`.

Inputs: `base`, a folder; `adapters`, the adapter_config.json of each entity type in the order of the param `entities`,
and `prompts`, their prompt files, in the same order; `thresholds`, the study's thresholds.csv. The param `source` says
where the reports are.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.config import Generation
        from medtune.studies.radgraph.annotate import Job, annotate
        from medtune.studies.radgraph.annotation_files import Outputs
        from medtune.studies.radgraph.thresholds import read_threshold

        entities = snakemake.params.entities
        annotate(
            Job(
                reports=snakemake.params.source,
                base=snakemake.input.base,
                adapters={
                    entity: Path(config).parent
                    for entity, config in zip(entities, snakemake.input.adapters, strict=True)
                },
                prompts=dict(zip(entities, snakemake.input.prompts, strict=True)),
                settings=Generation(**snakemake.params.settings, batch_tokens=snakemake.resources.batch_tokens),
                seed=snakemake.params.seed,
                page_reports=snakemake.params.page_reports,
                threshold=read_threshold(snakemake.input.thresholds),
                **snakemake.params.quantization,
            ),
            Outputs(**{name: Path(path) for name, path in snakemake.output.items()}),
            state=Path(snakemake.params.state),
        )
