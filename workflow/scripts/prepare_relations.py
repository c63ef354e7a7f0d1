"""Prepare what all runs of the relations study share. Called by the rule `relations_prepare`.

Inputs are the files of the sources, and are read by the paths in the settings. Outputs are named as the fields of
`HeldOutFiles`: validation, test, given; first_validation, first_test and second_given for runs in two steps; manifest,
schema, diversity. Params: `settings`, a mapping of source, splits, mix (or none) and without_relations (of the default
run's training documents); `seed`.
"""

from dataclasses import fields
from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.relations.prepare import HeldOutFiles, prepare

        prepare(
            **snakemake.params.settings,
            seed=snakemake.params.seed,
            files=HeldOutFiles(
                **{field.name: Path(snakemake.output.get(field.name)) for field in fields(HeldOutFiles)}
            ),
        )
