"""Prepare what all iterations of the Meerkat study share. Called by the rule `meerkat_prepare`."""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.meerkat.prepare import FrozenFiles, prepare
        from medtune.studies.meerkat.progressive_splits import SplitRule
        from medtune.studies.meerkat.template import load_template

        if template := snakemake.input.get("template"):
            load_template(template)  # a faulty one is refused before anything is written
        data = dict(snakemake.params.settings)
        prepare(
            source=data.pop("source"),
            most_records=data.pop("most_records"),
            rule=SplitRule(**data),
            seed=snakemake.params.seed,
            pretraining=snakemake.params.pretraining,
            files=FrozenFiles(
                holdout_dataset=Path(snakemake.output.holdout_dataset),
                eval_dataset=Path(snakemake.output.eval_dataset),
                holdout=Path(snakemake.output.holdout),
                evaluation=Path(snakemake.output.evaluation),
                growth=Path(snakemake.output.growth),
                manifest=Path(snakemake.output.manifest),
            ),
        )
