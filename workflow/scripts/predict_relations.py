"""Find entities and relations in the user's notes. Called by the rule `relations_predict`.

Inputs: `base`, a folder; `adapter`, the adapter_config.json of the run; `schema`, its types. The param `source` says
where the notes are, `task_options` are those of the run's training.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.config import Generation
        from medtune.studies.relations.predict import Job, predict
        from medtune.studies.relations.prediction_files import Outputs

        predict(
            Job(
                notes=snakemake.params.source,
                base=snakemake.input.base,
                adapter=Path(snakemake.input.adapter).parent,
                task_options=snakemake.params.task_options,
                types=snakemake.input.schema,
                settings=Generation(**snakemake.params.settings, batch_tokens=snakemake.resources.batch_tokens),
                seed=snakemake.params.seed,
                page_notes=snakemake.params.page_notes,
                **snakemake.params.quantization,
            ),
            Outputs(**{name: Path(path) for name, path in snakemake.output.items()}),
            state=Path(snakemake.params.state),
        )
