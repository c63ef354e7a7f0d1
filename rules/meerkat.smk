"""Study meerkat: medical question answering. Each iteration trains on more questions of the specialties that the one
before it found low."""

from medtune.studies.meerkat.jobs import MeerkatJobs

MEERKAT_JOBS = ForRules(MeerkatJobs(CONFIG))
MEERKAT = MEERKAT_JOBS.root
MEERKAT_HELD = {split: f"{MEERKAT}/data/{split}.jsonl" for split in ("evaluation", "holdout")}
MEERKAT_FROZEN = {
    **MEERKAT_HELD,
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
    meerkat_card,
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
    conda:
        "../envs/train.yaml"
    params:
        adjustments=MEERKAT_JOBS.adjustments,
    script:
        "../workflow/scripts/grow_meerkat.py"


use rule train_adapter as meerkat_train with:
    input:
        unpack(MEERKAT_JOBS.earlier_training),
        train=f"{MEERKAT_STEP}/data/train.jsonl",
        validation=MEERKAT_HELD["evaluation"],
        template=MEERKAT_JOBS.template,
        base=MEERKAT_JOBS.base,
    output:
        weights=f"{MEERKAT_STEP}/adapter/adapter_model.safetensors",
        config=f"{MEERKAT_STEP}/adapter/adapter_config.json",
        record=f"{MEERKAT_STEP}/training.json",
    log:
        f"{MEERKAT_STEP}/train.log",
    benchmark:
        f"{MEERKAT_STEP}/train.benchmark.tsv"
    threads: MEERKAT_JOBS.threads
    resources:
        **MEERKAT_JOBS.training_resources(),
    params:
        task="meerkat",
        task_options=MEERKAT_JOBS.options(),
        settings=MEERKAT_JOBS.training_settings(),
        answer_tokens=MEERKAT_JOBS.judged_answer_tokens(),


use rule generate as meerkat_generate_base with:
    input:
        **MEERKAT_HELD,
        template=MEERKAT_JOBS.template,
        base=MEERKAT_JOBS.base,
    output:
        predictions=f"{MEERKAT}/base/predictions.jsonl",
    log:
        f"{MEERKAT}/base/generate.log",
    benchmark:
        f"{MEERKAT}/base/generate.benchmark.tsv"
    threads: MEERKAT_JOBS.threads
    resources:
        **MEERKAT_JOBS.generation_resources(),
    params:
        task="meerkat",
        task_options=MEERKAT_JOBS.options(),
        splits=list(MEERKAT_HELD),
        settings=MEERKAT_JOBS.generation_settings(),
        quantization=MEERKAT_JOBS.quantization_settings(),


use rule meerkat_generate_base as meerkat_generate_practised with:
    """A synthetic base model, asked in the form that it knows."""
    output:
        predictions=f"{MEERKAT}/practised/predictions.jsonl",
    log:
        f"{MEERKAT}/practised/generate.log",
    benchmark:
        f"{MEERKAT}/practised/generate.benchmark.tsv"
    params:
        task_options={"form": "practised"},
        splits=list(MEERKAT_HELD),
        settings=MEERKAT_JOBS.generation_settings(),
        quantization=MEERKAT_JOBS.quantization_settings(),


use rule meerkat_generate_base as meerkat_generate with:
    input:
        unpack(MEERKAT_JOBS.earlier_predictions),
        **MEERKAT_HELD,
        template=MEERKAT_JOBS.template,
        base=MEERKAT_JOBS.base,
        adapter=rules.meerkat_train.output.config,
    output:
        predictions=f"{MEERKAT_STEP}/predictions.jsonl",
    log:
        f"{MEERKAT_STEP}/generate.log",
    benchmark:
        f"{MEERKAT_STEP}/generate.benchmark.tsv"


use rule score as meerkat_score_base with:
    input:
        unpack(MEERKAT_JOBS.metric_files),
        **MEERKAT_HELD,
        predictions=rules.meerkat_generate_base.output.predictions,
    output:
        metrics=f"{MEERKAT}/base/metrics.json",
        item_scores=f"{MEERKAT}/base/items.csv",
        counts=f"{MEERKAT}/base/counts.json",
    log:
        f"{MEERKAT}/base/score.log",
    conda:
        "../envs/train.yaml"
    threads: MEERKAT_JOBS.scoring_threads
    resources:
        **MEERKAT_JOBS.scoring_resources(),
    params:
        task="meerkat",
        splits=list(MEERKAT_HELD),
        options={"metrics": CONFIG.meerkat.metrics.model_dump(exclude={"steering"})},


use rule meerkat_score_base as meerkat_score_practised with:
    input:
        unpack(MEERKAT_JOBS.metric_files),
        **MEERKAT_HELD,
        predictions=rules.meerkat_generate_practised.output.predictions,
    output:
        metrics=f"{MEERKAT}/practised/metrics.json",
        item_scores=f"{MEERKAT}/practised/items.csv",
        counts=f"{MEERKAT}/practised/counts.json",
    log:
        f"{MEERKAT}/practised/score.log",


use rule meerkat_score_base as meerkat_score with:
    input:
        unpack(MEERKAT_JOBS.metric_files),
        **MEERKAT_HELD,
        predictions=rules.meerkat_generate.output.predictions,
    output:
        metrics=f"{MEERKAT_STEP}/metrics.json",
        item_scores=f"{MEERKAT_STEP}/items.csv",
        counts=f"{MEERKAT_STEP}/counts.json",
    log:
        f"{MEERKAT_STEP}/score.log",


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


use rule meerkat_generate_base as meerkat_generate_given with:
    input:
        **MEERKAT_HELD,
        template=MEERKAT_JOBS.template,
        base=MEERKAT_JOBS.base,
        adapter=rules.meerkat_take_adapter.output.config,
    output:
        predictions=f"{MEERKAT}/given/predictions.jsonl",
    log:
        f"{MEERKAT}/given/generate.log",
    benchmark:
        f"{MEERKAT}/given/generate.benchmark.tsv"


use rule meerkat_score_base as meerkat_score_given with:
    input:
        unpack(MEERKAT_JOBS.metric_files),
        **MEERKAT_HELD,
        predictions=rules.meerkat_generate_given.output.predictions,
    output:
        metrics=f"{MEERKAT}/given/metrics.json",
        item_scores=f"{MEERKAT}/given/items.csv",
        counts=f"{MEERKAT}/given/counts.json",
    log:
        f"{MEERKAT}/given/score.log",


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
        **MEERKAT_HELD,
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


use rule write_card as meerkat_card with:
    input:
        base=MEERKAT_JOBS.base,
        model=rules.meerkat_train.output.config,
        record=rules.meerkat_train.output.record,
        metrics=rules.meerkat_score.output.metrics,
        base_metrics=rules.meerkat_score_base.output.metrics,
        practised_metrics=MEERKAT_JOBS.practised_metrics,
        manifest=rules.meerkat_prepare.output.manifest,
    output:
        card=f"{MEERKAT_STEP}/adapter/README.md",
    log:
        f"{MEERKAT_STEP}/card.log",
    conda:
        "../envs/train.yaml"
    params:
        task="meerkat",
        options=MEERKAT_JOBS.card_options(),


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
        **OUTPUTS.tables(
            "meerkat",
            "Meerkat",
            ["comparisons", "learning_curve", "outlook", "specialty_changes"],
            ["progress", "near_twins"],
        ),
        **OUTPUTS.plots("meerkat", "Meerkat", ["heat_map", "specialties", "overall", "growth"]),
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
