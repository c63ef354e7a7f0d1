"""Study radgraph: entities in radiology reports, one adapter per entity type."""

from medtune.studies.radgraph.reports import LABELS as RADGRAPH_ENTITIES

RADGRAPH = f"{RESULTS}/radgraph"
RADGRAPH_ADAPTER = f"{RADGRAPH}/{{entity}}/{CONFIG.radgraph.output_stem}_adapter"
RADGRAPH_MERGED = f"{RADGRAPH}/{{entity}}/{CONFIG.radgraph.output_stem}_final"
RADGRAPH_NEW = ("radgraph", "annotate", "reports")
RADGRAPH_SPLITS = ("train", "validation", "test")
RADGRAPH_REPORTS = {split: f"{RADGRAPH}/data/reports_{split}.json" for split in RADGRAPH_SPLITS}


wildcard_constraints:
    entity="|".join(RADGRAPH_ENTITIES),


localrules:
    radgraph_prepare,
    radgraph_score,
    radgraph_score_base,
    radgraph_score_practised,
    radgraph_card,
    radgraph_summarize,


rule radgraph:
    input:
        f"{RADGRAPH}/summary/entities.csv",
        expand(f"{RADGRAPH_ADAPTER}/README.md", entity=RADGRAPH_ENTITIES),
        expand(RADGRAPH_MERGED, entity=RADGRAPH_ENTITIES if CONFIG.radgraph.merge else ()),


rule radgraph_prepare:
    input:
        radgraph_sources,
        prompts=expand(f"{CONFIG.radgraph.prompts}/{{entity}}/prompt.txt", entity=RADGRAPH_ENTITIES),
    output:
        train=expand(f"{RADGRAPH}/data/{{entity}}/train.jsonl", entity=RADGRAPH_ENTITIES),
        validation=expand(f"{RADGRAPH}/data/{{entity}}/validation.jsonl", entity=RADGRAPH_ENTITIES),
        test=expand(f"{RADGRAPH}/data/{{entity}}/test.jsonl", entity=RADGRAPH_ENTITIES),
        reports=[RADGRAPH_REPORTS[split] for split in RADGRAPH_SPLITS],
        manifest=f"{RADGRAPH}/data/manifest.json",
    log:
        f"{RADGRAPH}/data/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=CONFIG.radgraph.data.model_dump(),
        pretraining=pretraining_of("radgraph"),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_radgraph.py"


use rule train_adapter as radgraph_train with:
    input:
        train=f"{RADGRAPH}/data/{{entity}}/train.jsonl",
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        prompt=radgraph_prompt,
        base=base_model("radgraph"),
    output:
        weights=f"{RADGRAPH_ADAPTER}/adapter_model.safetensors",
        config=f"{RADGRAPH_ADAPTER}/adapter_config.json",
        record=f"{RADGRAPH}/{{entity}}/training.json",
    log:
        f"{RADGRAPH}/{{entity}}/train.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/train.benchmark.tsv"
    params:
        task_options=radgraph_options,
        settings=training_settings("radgraph"),
        answer_tokens=judged_answer_tokens("radgraph"),


use rule merge as radgraph_merge with:
    input:
        base=base_model("radgraph"),
        adapter=rules.radgraph_train.output.config,
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        prompt=radgraph_prompt,
    output:
        model=directory(RADGRAPH_MERGED),
        record=f"{RADGRAPH}/{{entity}}/merge.json",
    log:
        f"{RADGRAPH}/{{entity}}/merge.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/merge.benchmark.tsv"
    params:
        task_options=radgraph_options,
        quantization=quantization_settings("radgraph"),


use rule generate as radgraph_generate_base with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        prompt=radgraph_prompt,
        base=base_model("radgraph"),
    output:
        predictions=f"{RADGRAPH}/{{entity}}/base/predictions.jsonl",
    log:
        f"{RADGRAPH}/{{entity}}/base/generate.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/base/generate.benchmark.tsv"
    params:
        task_options=radgraph_options,
        settings=generation_settings("radgraph"),
        quantization=quantization_settings("radgraph"),


use rule radgraph_generate_base as radgraph_generate_practised with:
    output:
        predictions=f"{RADGRAPH}/{{entity}}/practised/predictions.jsonl",
    log:
        f"{RADGRAPH}/{{entity}}/practised/generate.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/practised/generate.benchmark.tsv"
    params:
        task_options=radgraph_practised_options,


use rule radgraph_generate_base as radgraph_generate with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        prompt=radgraph_prompt,
        base=base_model("radgraph"),
        adapter=rules.radgraph_train.output.config,
    output:
        predictions=f"{RADGRAPH}/{{entity}}/predictions.jsonl",
    log:
        f"{RADGRAPH}/{{entity}}/generate.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/generate.benchmark.tsv"


use rule score as radgraph_score with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        reports=[RADGRAPH_REPORTS["validation"], RADGRAPH_REPORTS["test"]],
        predictions=rules.radgraph_generate.output.predictions,
    output:
        metrics=f"{RADGRAPH}/{{entity}}/metrics.json",
        item_scores=f"{RADGRAPH}/{{entity}}/items.csv",
        results=f"{RADGRAPH}/{{entity}}/results.json",
    log:
        f"{RADGRAPH}/{{entity}}/score.log",
    params:
        options=radgraph_entity,


use rule radgraph_score as radgraph_score_base with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        reports=[RADGRAPH_REPORTS["validation"], RADGRAPH_REPORTS["test"]],
        predictions=rules.radgraph_generate_base.output.predictions,
    output:
        metrics=f"{RADGRAPH}/{{entity}}/base/metrics.json",
        item_scores=f"{RADGRAPH}/{{entity}}/base/items.csv",
        results=f"{RADGRAPH}/{{entity}}/base/results.json",
    log:
        f"{RADGRAPH}/{{entity}}/base/score.log",


use rule radgraph_score as radgraph_score_practised with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        reports=[RADGRAPH_REPORTS["validation"], RADGRAPH_REPORTS["test"]],
        predictions=rules.radgraph_generate_practised.output.predictions,
    output:
        metrics=f"{RADGRAPH}/{{entity}}/practised/metrics.json",
        item_scores=f"{RADGRAPH}/{{entity}}/practised/items.csv",
        results=f"{RADGRAPH}/{{entity}}/practised/results.json",
    log:
        f"{RADGRAPH}/{{entity}}/practised/score.log",


use rule write_card as radgraph_card with:
    input:
        base=base_model("radgraph"),
        adapter=rules.radgraph_train.output.config,
        record=rules.radgraph_train.output.record,
        metrics=rules.radgraph_score.output.metrics,
        base_metrics=rules.radgraph_score_base.output.metrics,
        practised_metrics=rules.radgraph_score_practised.output.metrics,
        manifest=rules.radgraph_prepare.output.manifest,
    output:
        card=f"{RADGRAPH_ADAPTER}/README.md",
    log:
        f"{RADGRAPH}/{{entity}}/card.log",
    params:
        options=radgraph_options,


rule radgraph_summarize:
    input:
        base_metrics=expand(rules.radgraph_score_base.output.metrics, entity=RADGRAPH_ENTITIES),
        base_results=expand(rules.radgraph_score_base.output.results, entity=RADGRAPH_ENTITIES),
        practised_metrics=expand(rules.radgraph_score_practised.output.metrics, entity=RADGRAPH_ENTITIES),
        practised_results=expand(rules.radgraph_score_practised.output.results, entity=RADGRAPH_ENTITIES),
        metrics=expand(rules.radgraph_score.output.metrics, entity=RADGRAPH_ENTITIES),
        results=expand(rules.radgraph_score.output.results, entity=RADGRAPH_ENTITIES),
        manifest=rules.radgraph_prepare.output.manifest,
    output:
        **summary_tables(
            "radgraph",
            "RadGraph",
            ["entities", "comparisons", "thresholds"],
            ["confusion", "merged", "conflicts"],
        ),
        **summary_plots("radgraph", "RadGraph", ["strict_f1", "confusion"]),
        annotated=f"{RADGRAPH}/summary/annotated.json",
        page=f"{RADGRAPH}/summary/summary.md",
        headline=f"{RADGRAPH}/summary/headline.txt",
    log:
        f"{RADGRAPH}/summary/summarize.log",
    conda:
        "../envs/analysis.yaml"
    params:
        entities=list(RADGRAPH_ENTITIES),
        seed=CONFIG.seed,
        target=CONFIG.radgraph.target,
    script:
        "../workflow/scripts/summarize_radgraph.py"


rule radgraph_annotate:
    """The reports of `radgraph.annotate`, by all adapters. They are streamed, and the job resumes after being killed."""
    input:
        base=base_model("radgraph"),
        adapters=expand(rules.radgraph_train.output.config, entity=RADGRAPH_ENTITIES),
        prompts=expand(f"{CONFIG.radgraph.prompts}/{{entity}}/prompt.txt", entity=RADGRAPH_ENTITIES),
        thresholds=rules.radgraph_summarize.output.thresholds,
        reports=new_texts_path(*RADGRAPH_NEW),
    output:
        annotations=f"{RADGRAPH}/annotations/annotations.json",
        reports=f"{RADGRAPH}/annotations/reports.csv",
        entities=f"{RADGRAPH}/annotations/entities.csv",
        conflicts=f"{RADGRAPH}/annotations/conflicts.csv",
        skipped=f"{RADGRAPH}/annotations/skipped.csv",
        page=f"{RADGRAPH}/annotations/annotated.html",
        record=f"{RADGRAPH}/annotations/record.json",
    log:
        f"{RADGRAPH}/annotations/annotate.log",
    benchmark:
        f"{RADGRAPH}/annotations/annotate.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    threads: threads_for
    resources:
        gpu=1,
        mem_mb=memory_for,
        runtime=runtime_for,
        batch_tokens=batch_tokens,
    params:
        entities=list(RADGRAPH_ENTITIES),
        source=new_texts_source(*RADGRAPH_NEW),
        listing=new_texts_listing(*RADGRAPH_NEW),  # reports that changed are annotated anew
        page_reports=new_texts_on_page(*RADGRAPH_NEW),
        settings=generation_settings("radgraph"),
        quantization=quantization_settings("radgraph"),
        seed=CONFIG.seed,
        state=state_folder,
    script:
        "../workflow/scripts/annotate_radgraph.py"


rule annotate:
    input:
        rules.radgraph_annotate.output,
