"""Score the predictions of one model. Called by the rules {study}_score* (rules/road.smk).

Inputs beyond the predictions and the splits' examples, and the param `options`, go to the study's `score` by their
names; what it gives in `files` is written as JSON to the outputs of these names. Where the items' columns depend on the
settings, its scores name them as `columns`.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.configuration import Config
        from medtune.data.predictions import answers_of, longer_gold
        from medtune.files import read_jsonl, write_json
        from medtune.reporting.tables import write_csv
        from medtune.reporting.tracking import prediction_texts, summary_figures, track
        from medtune.studies import part_of
        from medtune.studies.tracked_runs import tracked_run, tracking_of
        from medtune.versions import library_versions

        study = part_of(snakemake.params.task, "score")
        given = dict(snakemake.input.items())
        predictions = read_jsonl(given.pop("predictions"))
        examples = {split: read_jsonl(given.pop(split)) for split in snakemake.params.splits}
        options = {**given, **snakemake.params.get("options", {})}
        scores = study.score(examples, predictions, snakemake.params.seed, **options)
        write_csv(snakemake.output.item_scores, scores.items, scores.columns or study.ITEM_COLUMNS)
        for name, content in scores.files.items():
            write_json(snakemake.output[name], content)
        # Tracking changes no result, so it is no param: those trigger reruns.
        config = Config(**snakemake.config)
        named = snakemake.params.study
        tracked = tracked_run(config, named, snakemake.output.metrics, dict(snakemake.wildcards.items()), "test")
        with track(tracking_of(config, named), tracked, {}, Path(config.results, config.scale)) as tracker:
            tracker.summarize(summary_figures(scores.metrics["splits"]))
            tracker.log_texts("predictions", prediction_texts(answers_of(examples, predictions), examples))
        said = {"longer_gold_answers": longer_gold(predictions), "versions": library_versions()}
        write_json(snakemake.output.metrics, {**scores.metrics, **said})
