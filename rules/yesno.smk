"""Study yesno: Yes / No / Uncertain with a one-sentence rationale, one adapter per LoRA rank."""

import medtune.studies.yesno.tables as yesno_tables
from medtune.studies.yesno.jobs import YesNoJobs

YESNO_JOBS = ForRules(YesNoJobs(CONFIG))
YESNO = YESNO_JOBS.root
YESNO_DATA = {name: f"{YESNO}/data/{name}.jsonl" for name in ("train", "validation", "test", "challenge")}
YESNO_SPLITS = ["validation", "test", "challenge"]


wildcard_constraints:
    rank=r"\d+",
    replicate=r"(-seed\d+)?",


localrules:
    yesno_prepare,
    yesno_score,
    yesno_score_base,
    yesno_score_practised,
    yesno_card,
    yesno_summarize,


rule yesno:
    input:
        f"{YESNO}/summary/ranks.csv",
        YESNO_JOBS.files("final_adapter/README.md"),


rule yesno_prepare:
    input:
        YESNO_JOBS.sources,
    output:
        **YESNO_DATA,
        manifest=f"{YESNO}/data/manifest.json",
    log:
        f"{YESNO}/data/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=CONFIG.yesno.data.model_dump(),
        challenge=[question.model_dump() for question in CONFIG.yesno.challenge],
        seed=CONFIG.seed,
        pretraining=YESNO_JOBS.pretraining(),
    script:
        "../workflow/scripts/prepare_yesno.py"


use rule train_adapter as yesno_train with:
    input:
        train=YESNO_DATA["train"],
        validation=YESNO_DATA["validation"],
        base=YESNO_JOBS.base,
    output:
        weights=f"{YESNO}/rank{{rank}}{{replicate}}/final_adapter/adapter_model.safetensors",
        config=f"{YESNO}/rank{{rank}}{{replicate}}/final_adapter/adapter_config.json",
        record=f"{YESNO}/rank{{rank}}{{replicate}}/training.json",
    log:
        f"{YESNO}/rank{{rank}}{{replicate}}/train.log",
    benchmark:
        f"{YESNO}/rank{{rank}}{{replicate}}/train.benchmark.tsv"
    threads: YESNO_JOBS.threads
    resources:
        **YESNO_JOBS.training_resources(),
    params:
        task="yesno",
        settings=YESNO_JOBS.training,
        answer_tokens=YESNO_JOBS.judged_answer_tokens(),
        seed=YESNO_JOBS.seed,


use rule generate as yesno_generate_base with:
    input:
        **{split: YESNO_DATA[split] for split in YESNO_SPLITS},
        base=YESNO_JOBS.base,
    output:
        predictions=f"{YESNO}/base/predictions.jsonl",
    log:
        f"{YESNO}/base/generate.log",
    benchmark:
        f"{YESNO}/base/generate.benchmark.tsv"
    threads: YESNO_JOBS.threads
    resources:
        **YESNO_JOBS.generation_resources(),
    params:
        task="yesno",
        splits=YESNO_SPLITS,
        settings=YESNO_JOBS.generation_settings(),
        quantization=YESNO_JOBS.quantization_settings(),


use rule yesno_generate_base as yesno_generate_practised with:
    """The base model, asked in the form that it knows."""
    output:
        predictions=f"{YESNO}/practised/predictions.jsonl",
    log:
        f"{YESNO}/practised/generate.log",
    benchmark:
        f"{YESNO}/practised/generate.benchmark.tsv"
    params:
        splits=YESNO_SPLITS,
        settings=YESNO_JOBS.generation_settings(),
        quantization=YESNO_JOBS.quantization_settings(),
        task_options=YESNO_JOBS.practised_form(),


use rule yesno_generate_base as yesno_generate with:
    input:
        **{split: YESNO_DATA[split] for split in YESNO_SPLITS},
        base=YESNO_JOBS.base,
        adapter=rules.yesno_train.output.config,
    output:
        predictions=f"{YESNO}/rank{{rank}}{{replicate}}/predictions.jsonl",
    log:
        f"{YESNO}/rank{{rank}}{{replicate}}/generate.log",
    benchmark:
        f"{YESNO}/rank{{rank}}{{replicate}}/generate.benchmark.tsv"


use rule score as yesno_score with:
    input:
        **{split: YESNO_DATA[split] for split in YESNO_SPLITS},
        predictions=rules.yesno_generate.output.predictions,
    output:
        metrics=f"{YESNO}/rank{{rank}}{{replicate}}/metrics.json",
        item_scores=f"{YESNO}/rank{{rank}}{{replicate}}/items.csv",
    log:
        f"{YESNO}/rank{{rank}}{{replicate}}/score.log",
    params:
        task="yesno",
        splits=YESNO_SPLITS,


use rule yesno_score as yesno_score_base with:
    input:
        **{split: YESNO_DATA[split] for split in YESNO_SPLITS},
        predictions=rules.yesno_generate_base.output.predictions,
    output:
        metrics=f"{YESNO}/base/metrics.json",
        item_scores=f"{YESNO}/base/items.csv",
    log:
        f"{YESNO}/base/score.log",


use rule yesno_score as yesno_score_practised with:
    input:
        **{split: YESNO_DATA[split] for split in YESNO_SPLITS},
        predictions=rules.yesno_generate_practised.output.predictions,
    output:
        metrics=f"{YESNO}/practised/metrics.json",
        item_scores=f"{YESNO}/practised/items.csv",
    log:
        f"{YESNO}/practised/score.log",


use rule write_card as yesno_card with:
    input:
        base=YESNO_JOBS.base,
        adapter=rules.yesno_train.output.config,
        record=rules.yesno_train.output.record,
        metrics=rules.yesno_score.output.metrics,
        base_metrics=rules.yesno_score_base.output.metrics,
        practised_metrics=rules.yesno_score_practised.output.metrics,
        manifest=rules.yesno_prepare.output.manifest,
    output:
        card=f"{YESNO}/rank{{rank}}{{replicate}}/final_adapter/README.md",
    log:
        f"{YESNO}/rank{{rank}}{{replicate}}/card.log",
    params:
        task="yesno",


rule yesno_summarize:
    input:
        challenge=YESNO_DATA["challenge"],
        manifest=rules.yesno_prepare.output.manifest,
        base_metrics=rules.yesno_score_base.output.metrics,
        base_item_scores=rules.yesno_score_base.output.item_scores,
        base_predictions=rules.yesno_generate_base.output.predictions,
        practised_metrics=rules.yesno_score_practised.output.metrics,
        practised_item_scores=rules.yesno_score_practised.output.item_scores,
        practised_predictions=rules.yesno_generate_practised.output.predictions,
        metrics=YESNO_JOBS.files("metrics.json"),
        item_scores=YESNO_JOBS.files("items.csv"),
        predictions=YESNO_JOBS.files("predictions.jsonl"),
        records=YESNO_JOBS.files("training.json"),
    output:
        **OUTPUTS.tables("yesno", "Yes/no", yesno_tables.SHOWN, yesno_tables.PLAIN),
        **OUTPUTS.plots("yesno", "Yes/no", yesno_tables.PLOTS),
        **OUTPUTS.readable("yesno", "Yes/no", f"{YESNO}/summary", "summary"),
        choice=f"{YESNO}/summary/choice.json",
        choice_text=f"{YESNO}/summary/choice.md",
        headline=f"{YESNO}/summary/headline.txt",
    log:
        f"{YESNO}/summary/summarize.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=YESNO_JOBS.runs(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/summarize_yesno.py"
