"""Take the answers of a run of one of the five studies over into a study of the user's own. Called by its rule
{study}_take.

The data files are inputs named after their splits; all other inputs are files of the run (`StudyJobs.taken`). Param
`benchmarks`: of the jobs that answered.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.stages.take_run import Job, take_run

        given, params = snakemake.input, snakemake.params
        files = {name: [found] if isinstance(found, str) else list(found) for name, found in given.items()}
        files |= {"benchmark": list(params.benchmarks)} if params.benchmarks else {}
        take_run(
            Job(
                task=params.task,
                task_options=params.task_options,
                splits={split: given[split] for split in params.splits},
                study=params.source,
                run=params.run,
                files={name: found for name, found in files.items() if name not in params.splits},
                options=params.options,
            ),
            predictions=Path(snakemake.output.predictions),
            training=Path(snakemake.output.training),
            answering=Path(snakemake.output.answering),
        )
