"""Score the predictions of one model. Called by the rule `score` and its derivatives."""

from importlib import import_module

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.files import read_jsonl, write_json
        from medtune.reporting.tables import write_csv

        study = import_module(f"medtune.tasks.{snakemake.params.task}.score")
        examples = {split: read_jsonl(snakemake.input[split]) for split in snakemake.params.splits}
        scores = study.score(examples, read_jsonl(snakemake.input.predictions), snakemake.params.seed)
        write_csv(snakemake.output.item_scores, scores.items, study.ITEM_COLUMNS)
        write_json(snakemake.output.metrics, scores.metrics)
