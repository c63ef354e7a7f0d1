"""Study radgraph: entities in radiology reports, one adapter per entity type."""

import medtune.studies.radgraph.tables as radgraph_tables

RADGRAPH_ENTITIES = RADGRAPH_JOBS.entities
RADGRAPH = RADGRAPH_JOBS.root
RADGRAPH_MERGED = f"{RADGRAPH}/{{entity}}/{CONFIG.radgraph.output_stem}_final"
RADGRAPH_NEW = ForRules(RADGRAPH_JOBS.new_reports())


wildcard_constraints:
    entity="|".join(RADGRAPH_ENTITIES),


localrules:
    radgraph_prepare,
    radgraph_summarize,


rule radgraph:
    input:
        f"{RADGRAPH}/summary/entities.csv",
        expand(f"{RADGRAPH_JOBS.adapter}/README.md", entity=RADGRAPH_ENTITIES),
        expand(RADGRAPH_MERGED, entity=RADGRAPH_ENTITIES if CONFIG.radgraph.merge else ()),


rule radgraph_prepare:
    input:
        RADGRAPH_JOBS.sources,
        prompts=RADGRAPH_JOBS.prompts(),
    output:
        train=expand(f"{RADGRAPH}/data/{{entity}}/train.jsonl", entity=RADGRAPH_ENTITIES),
        validation=expand(f"{RADGRAPH}/data/{{entity}}/validation.jsonl", entity=RADGRAPH_ENTITIES),
        test=expand(f"{RADGRAPH}/data/{{entity}}/test.jsonl", entity=RADGRAPH_ENTITIES),
        reports=list(RADGRAPH_JOBS.reports.values()),
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


rule radgraph_merge:
    """The adapter's update added to the base's weights: one model, for servers that know no adapters. On the CPU, since
    in float32 a model that trains on a GPU may not fit it."""
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
    conda:
        "../envs/train.yaml"
    threads: RADGRAPH_JOBS.threads
    resources:
        **RADGRAPH_JOBS.merging_resources(),
    params:
        task="radgraph",
        task_options=RADGRAPH_JOBS.options,
        quantization=RADGRAPH_JOBS.quantization_settings(),
    script:
        "../workflow/scripts/merge_adapter.py"


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
