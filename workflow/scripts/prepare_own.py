"""Prepare a study of the user's own. Called by its rule {study}_prepare (rules/own.smk).

Named inputs are the splits of another study. Outputs: train, validation, test, manifest. Params: `study`, its name;
`section`, what determines its data (`OwnStudy.data_options`); `seed`; `reader`, which identifies code of the user's
own, so that a change of it prepares anew.
"""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.stages.prepare_own import prepare

        prepare(
            study=snakemake.params.study,
            section=snakemake.params.section,
            seed=snakemake.params.seed,
            files=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
        )
