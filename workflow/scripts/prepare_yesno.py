"""Prepare the yes/no study's splits. Called by the rule `yesno_prepare`."""

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.studies.yesno.prepare import prepare
        from medtune.studies.yesno.section import ChallengeQuestion, YesNoData

        prepare(
            data=YesNoData(**snakemake.params.settings),
            seed=snakemake.params.seed,
            challenge=[ChallengeQuestion(**question) for question in snakemake.params.challenge],
            train=snakemake.output.train,
            validation=snakemake.output.validation,
            test=snakemake.output.test,
            challenge_file=snakemake.output.challenge,
            manifest=snakemake.output.manifest,
            pretraining=snakemake.params.pretraining,
        )
