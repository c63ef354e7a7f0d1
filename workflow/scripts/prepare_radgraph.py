"""Prepare the RadGraph study's data. Called by the rule `radgraph_prepare`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.radgraph.prepare import SPLITS, prepare
        from medtune.studies.radgraph.reports import LABELS

        prepare(
            **snakemake.params.settings,
            seed=snakemake.params.seed,
            pretraining=snakemake.params.pretraining,
            prompts=dict(zip(LABELS, snakemake.input.prompts, strict=True)),
            rows={
                label: {split: snakemake.output[split][number] for split in SPLITS}
                for number, label in enumerate(LABELS)
            },
            reports=dict(zip(SPLITS, snakemake.output.reports, strict=True)),
            manifest=snakemake.output.manifest,
        )
