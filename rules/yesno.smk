"""Study yesno: Yes / No / Uncertain with a one-sentence rationale, one adapter per LoRA rank."""

import medtune.studies.yesno.tables as yesno_tables

YESNO = YESNO_JOBS.root


wildcard_constraints:
    rank=r"\d+",
    replicate=r"(-seed\d+)?",


localrules:
    yesno_prepare,
    yesno_summarize,


rule yesno:
    input:
        f"{YESNO}/summary/ranks.csv",
        YESNO_JOBS.files("final_adapter/README.md"),


rule yesno_prepare:
    input:
        YESNO_JOBS.sources,
    output:
        **YESNO_JOBS.data,
        manifest=f"{YESNO}/data/manifest.json",
    log:
        f"{YESNO}/data/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=YESNO_JOBS.data_settings(),
        challenge=[question.model_dump() for question in CONFIG.yesno.challenge],
        seed=CONFIG.seed,
        pretraining=YESNO_JOBS.pretraining(),
    script:
        "../workflow/scripts/prepare_yesno.py"


rule yesno_summarize:
    input:
        challenge=YESNO_JOBS.data["challenge"],
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
