"""Answer the examples of some splits with one model. Called by the rules {study}_generate* (rules/road.smk).

Input `base` is a folder; `adapter`, where there is one, the adapter_config.json in its folder; the data
files are inputs named after their splits. Optional inputs `earlier_adapter` (its adapter_config.json) and
`earlier_predictions` are of an earlier run, whose predictions are copied when its adapter is the same. Optional param
`prompting` (of the method `prompt`) with the input `examples`, the split that examples (shots) are taken from; optional
outputs `answering` (answering.json) and `record` (training.json of a method that trains nothing).
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.config import Generation
        from medtune.stages.generate import Job, generate_predictions

        prompting = snakemake.params.get("prompting")
        adapter, earlier = snakemake.input.get("adapter"), snakemake.input.get("earlier_adapter")
        generate_predictions(
            Job(
                task=snakemake.params.task,
                task_options=snakemake.params.task_options,
                settings=Generation(**snakemake.params.settings, batch_tokens=snakemake.resources.batch_tokens),
                seed=snakemake.params.seed,
                splits={split: snakemake.input[split] for split in snakemake.params.splits},
                base=snakemake.input.base,
                adapter=Path(adapter).parent if adapter else None,
                earlier_adapter=Path(earlier).parent if earlier else None,
                earlier_predictions=snakemake.input.get("earlier_predictions") or None,
                prompting=None if prompting is None else {**prompting, "train": snakemake.input.get("examples")},
                **snakemake.params.quantization,
            ),
            predictions=Path(snakemake.output.predictions),
            state=Path(snakemake.params.state),
            answering=snakemake.output.get("answering"),
            record=snakemake.output.get("record"),
        )
