"""Study meerkat: medical question answering. Each iteration trains on more questions of the specialties that the one
before it found low."""

import medtune.studies.meerkat.tables as meerkat_tables

MEERKAT = MEERKAT_JOBS.root
MEERKAT_FROZEN = {
    **MEERKAT_JOBS.held,
    "growth": f"{MEERKAT}/data/growth.jsonl",
    "manifest": f"{MEERKAT}/data/manifest.json",
}
MEERKAT_STEP = f"{MEERKAT}/iteration{{iteration}}"


wildcard_constraints:
    iteration=r"[1-9]\d*",


localrules:
    meerkat_prepare,
    meerkat_grow,
    meerkat_take_adapter,
    meerkat_recommend,
    meerkat_evaluate,
    meerkat_summarize,


rule meerkat:
    input:
        f"{MEERKAT}/summary/progress.csv",
        MEERKAT_JOBS.files("evaluation/model_comparison.csv"),
        MEERKAT_JOBS.files("adapter/README.md"),


rule meerkat_prepare:
    input:
        MEERKAT_JOBS.sources,
        template=MEERKAT_JOBS.template,
    output:
        **MEERKAT_FROZEN,
        holdout_dataset=directory(f"{MEERKAT}/data/holdout_dataset"),
        eval_dataset=directory(f"{MEERKAT}/data/eval_dataset"),
    log:
        f"{MEERKAT}/data/prepare.log",
    conda:
        "../envs/train.yaml"
    params:
        settings=CONFIG.meerkat.data.model_dump(exclude={"specialty_adjustments"}),
        seed=CONFIG.seed,
        pretraining=MEERKAT_JOBS.pretraining(),
    script:
        "../workflow/scripts/prepare_meerkat.py"


rule meerkat_grow:
    """The training split of an iteration: the first share of each specialty, then what was recommended before."""
    input:
        unpack(MEERKAT_JOBS.previous_findings),
        **MEERKAT_FROZEN,
    output:
        train=f"{MEERKAT_STEP}/data/train.jsonl",
        stats=f"{MEERKAT_STEP}/data/dataset_stats.json",
        train_dataset=directory(f"{MEERKAT_STEP}/data/train_dataset"),
        pool_dataset=directory(f"{MEERKAT_STEP}/data/eval_pool_dataset"),
    log:
        f"{MEERKAT_STEP}/data/grow.log",
    priority: MEERKAT_JOBS.priority
    conda:
        "../envs/train.yaml"
    params:
        adjustments=MEERKAT_JOBS.adjustments,
    script:
        "../workflow/scripts/grow_meerkat.py"


rule meerkat_take_adapter:
    """A checked copy of an adapter that was made elsewhere."""
    input:
        MEERKAT_JOBS.given_adapter,
        template=MEERKAT_JOBS.template,
        base=MEERKAT_JOBS.base,
    output:
        weights=f"{MEERKAT}/given/adapter/adapter_model.safetensors",
        config=f"{MEERKAT}/given/adapter/adapter_config.json",
        record=f"{MEERKAT}/given/adapter.json",
    log:
        f"{MEERKAT}/given/take.log",
    conda:
        "../envs/train.yaml"
    params:
        task_options=MEERKAT_JOBS.options(),
        settings=CONFIG.meerkat.evaluate and CONFIG.meerkat.evaluate.model_dump(),
    script:
        "../workflow/scripts/take_adapter_meerkat.py"


rule meerkat_recommend:
    """From the evaluation split alone: the holdout never steers."""
    input:
        metrics=rules.meerkat_score.output.metrics,
        item_scores=rules.meerkat_score.output.item_scores,
        base_metrics=rules.meerkat_score_base.output.metrics,
        stats=rules.meerkat_grow.output.stats,
    output:
        recommendations=f"{MEERKAT_STEP}/training_recommendations.json",
    log:
        f"{MEERKAT_STEP}/recommend.log",
    priority: MEERKAT_JOBS.priority
    conda:
        "../envs/analysis.yaml"
    params:
        settings=CONFIG.meerkat.recommendations.model_dump(),
        steering=CONFIG.meerkat.metrics.steering,
    script:
        "../workflow/scripts/recommend_meerkat.py"


rule meerkat_evaluate:
    """The iteration's model beside the base model, in the files that the study's user knows."""
    input:
        unpack(MEERKAT_JOBS.practised_scores),
        **MEERKAT_JOBS.held,
        base_metrics=rules.meerkat_score_base.output.metrics,
        base_item_scores=rules.meerkat_score_base.output.item_scores,
        base_counts=rules.meerkat_score_base.output.counts,
        base_predictions=rules.meerkat_generate_base.output.predictions,
        metrics=rules.meerkat_score.output.metrics,
        item_scores=rules.meerkat_score.output.item_scores,
        counts=rules.meerkat_score.output.counts,
        predictions=rules.meerkat_generate.output.predictions,
        record=rules.meerkat_train.output.record,
        stats=rules.meerkat_grow.output.stats,
    output:
        base_model_results=f"{MEERKAT_STEP}/evaluation/base_model_results.csv",
        finetuned_model_results=f"{MEERKAT_STEP}/evaluation/finetuned_model_results.csv",
        model_comparison=f"{MEERKAT_STEP}/evaluation/model_comparison.csv",
        specialty_performance=f"{MEERKAT_STEP}/evaluation/specialty_performance.csv",
        training_config=f"{MEERKAT_STEP}/evaluation/training_config.json",
        specialty_analysis_png=f"{MEERKAT_STEP}/evaluation/specialty_analysis.png",
        specialty_analysis_svg=f"{MEERKAT_STEP}/evaluation/specialty_analysis.svg",
        model_comparison_png=f"{MEERKAT_STEP}/evaluation/model_comparison.png",
        model_comparison_svg=f"{MEERKAT_STEP}/evaluation/model_comparison.svg",
    log:
        f"{MEERKAT_STEP}/evaluation/evaluate.log",
    conda:
        "../envs/train.yaml"
    params:
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/evaluate_meerkat.py"


rule meerkat_summarize:
    input:
        unpack(MEERKAT_JOBS.given_scores),
        unpack(MEERKAT_JOBS.practised_scores),
        base_metrics=rules.meerkat_score_base.output.metrics,
        base_item_scores=rules.meerkat_score_base.output.item_scores,
        base_counts=rules.meerkat_score_base.output.counts,
        metrics=MEERKAT_JOBS.files("metrics.json"),
        item_scores=MEERKAT_JOBS.files("items.csv"),
        counts=MEERKAT_JOBS.files("counts.json"),
        records=MEERKAT_JOBS.files("training.json"),
        stats=MEERKAT_JOBS.files("data/dataset_stats.json"),
        recommendations=MEERKAT_JOBS.files("training_recommendations.json")[-1],
        manifest=rules.meerkat_prepare.output.manifest,
    output:
        **OUTPUTS.tables("meerkat", "Meerkat", meerkat_tables.SHOWN, meerkat_tables.PLAIN),
        **OUTPUTS.plots("meerkat", "Meerkat", meerkat_tables.PLOTS),
        **OUTPUTS.readable("meerkat", "Meerkat", f"{MEERKAT}/summary", "summary"),
        headline=f"{MEERKAT}/summary/headline.txt",
    log:
        f"{MEERKAT}/summary/summarize.log",
    conda:
        "../envs/train.yaml"
    params:
        steering=CONFIG.meerkat.metrics.steering,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/summarize_meerkat.py"
