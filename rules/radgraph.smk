"""Study radgraph: entities in radiology reports, one adapter per entity type."""

import medtune.studies.radgraph.tables as radgraph_tables
from medtune.studies.radgraph.jobs import RadGraphJobs

RADGRAPH_JOBS = ForRules(RadGraphJobs(CONFIG))
RADGRAPH_ENTITIES = RADGRAPH_JOBS.entities
RADGRAPH = RADGRAPH_JOBS.root
RADGRAPH_ADAPTER = f"{RADGRAPH}/{{entity}}/{CONFIG.radgraph.output_stem}_adapter"
RADGRAPH_MERGED = f"{RADGRAPH}/{{entity}}/{CONFIG.radgraph.output_stem}_final"
RADGRAPH_NEW = ForRules(RADGRAPH_JOBS.new_reports())
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
        RADGRAPH_JOBS.sources,
        prompts=RADGRAPH_JOBS.prompts(),
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
        pretraining=RADGRAPH_JOBS.pretraining(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_radgraph.py"


use rule train_adapter as radgraph_train with:
    input:
        train=f"{RADGRAPH}/data/{{entity}}/train.jsonl",
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        prompt=RADGRAPH_JOBS.prompt,
        base=RADGRAPH_JOBS.base,
    output:
        weights=f"{RADGRAPH_ADAPTER}/adapter_model.safetensors",
        config=f"{RADGRAPH_ADAPTER}/adapter_config.json",
        record=f"{RADGRAPH}/{{entity}}/training.json",
    log:
        f"{RADGRAPH}/{{entity}}/train.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/train.benchmark.tsv"
    threads: RADGRAPH_JOBS.threads
    resources:
        **RADGRAPH_JOBS.training_resources(),
    params:
        task="radgraph",
        task_options=RADGRAPH_JOBS.options,
        settings=RADGRAPH_JOBS.training_settings(),
        answer_tokens=RADGRAPH_JOBS.judged_answer_tokens(),


use rule merge as radgraph_merge with:
    input:
        base=RADGRAPH_JOBS.base,
        adapter=rules.radgraph_train.output.config,
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        prompt=RADGRAPH_JOBS.prompt,
    output:
        model=directory(RADGRAPH_MERGED),
        record=f"{RADGRAPH}/{{entity}}/merge.json",
    log:
        f"{RADGRAPH}/{{entity}}/merge.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/merge.benchmark.tsv"
    threads: RADGRAPH_JOBS.threads
    resources:
        **RADGRAPH_JOBS.merging_resources(),
    params:
        task="radgraph",
        task_options=RADGRAPH_JOBS.options,
        quantization=RADGRAPH_JOBS.quantization_settings(),


use rule generate as radgraph_generate_base with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        prompt=RADGRAPH_JOBS.prompt,
        base=RADGRAPH_JOBS.base,
    output:
        predictions=f"{RADGRAPH}/{{entity}}/base/predictions.jsonl",
    log:
        f"{RADGRAPH}/{{entity}}/base/generate.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/base/generate.benchmark.tsv"
    threads: RADGRAPH_JOBS.threads
    resources:
        **RADGRAPH_JOBS.generation_resources(),
    params:
        task="radgraph",
        task_options=RADGRAPH_JOBS.options,
        settings=RADGRAPH_JOBS.generation_settings(),
        quantization=RADGRAPH_JOBS.quantization_settings(),


use rule radgraph_generate_base as radgraph_generate_practised with:
    output:
        predictions=f"{RADGRAPH}/{{entity}}/practised/predictions.jsonl",
    log:
        f"{RADGRAPH}/{{entity}}/practised/generate.log",
    benchmark:
        f"{RADGRAPH}/{{entity}}/practised/generate.benchmark.tsv"
    params:
        task_options=RADGRAPH_JOBS.practised_options,


use rule radgraph_generate_base as radgraph_generate with:
    input:
        validation=f"{RADGRAPH}/data/{{entity}}/validation.jsonl",
        test=f"{RADGRAPH}/data/{{entity}}/test.jsonl",
        prompt=RADGRAPH_JOBS.prompt,
        base=RADGRAPH_JOBS.base,
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
        task="radgraph",
        options=RADGRAPH_JOBS.entity,


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
        base=RADGRAPH_JOBS.base,
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
        task="radgraph",
        options=RADGRAPH_JOBS.options,


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
        **OUTPUTS.tables("radgraph", "RadGraph", radgraph_tables.SHOWN, radgraph_tables.PLAIN),
        **OUTPUTS.plots("radgraph", "RadGraph", radgraph_tables.PLOTS),
        **OUTPUTS.readable("radgraph", "RadGraph", f"{RADGRAPH}/summary", "summary"),
        annotated=f"{RADGRAPH}/summary/annotated.json",
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
        base=RADGRAPH_JOBS.base,
        adapters=expand(rules.radgraph_train.output.config, entity=RADGRAPH_ENTITIES),
        prompts=RADGRAPH_JOBS.prompts(),
        thresholds=rules.radgraph_summarize.output.thresholds,
        reports=RADGRAPH_NEW.path,
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
    threads: RADGRAPH_JOBS.threads
    resources:
        **RADGRAPH_JOBS.generation_resources(),
    params:
        entities=list(RADGRAPH_ENTITIES),
        source=RADGRAPH_NEW.source,
        listing=RADGRAPH_NEW.listing,  # reports that changed are annotated anew
        page_reports=RADGRAPH_NEW.on_page,
        settings=RADGRAPH_JOBS.generation_settings(),
        quantization=RADGRAPH_JOBS.quantization_settings(),
        seed=CONFIG.seed,
        state=STATE,
    script:
        "../workflow/scripts/annotate_radgraph.py"


rule annotate:
    input:
        rules.radgraph_annotate.output,
