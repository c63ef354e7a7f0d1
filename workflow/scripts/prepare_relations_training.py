"""Prepare the training rows of one variant of the relations study. Called by the rule `relations_prepare_training`.

Inputs `validation`, `test` and `schema` are from prepare_relations.py; the files of the sources are read by the paths
in the settings. Outputs `train`, `validation` (the validation documents in the same form, for the loss) and `record`
(counts). Params: `settings`, a mapping of source, splits, mix (or none), without_relations, two_steps and
longest_answer; `seed`.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.relations.prepare import TrainingFiles, prepare_training

        prepare_training(
            **snakemake.params.settings,
            seed=snakemake.params.seed,
            held_out={split: snakemake.input[split] for split in ("validation", "test")},
            schema=snakemake.input.schema,
            files=TrainingFiles(
                Path(snakemake.output.train), Path(snakemake.output.validation), Path(snakemake.output.record)
            ),
        )
