"""Study relations: entities and relations as generated JSON; a run for each switch that may improve on the default."""

RELATIONS = f"{RESULTS}/relations"
RELATIONS_NEW = ("relations", "predict", "notes")
RELATIONS_DATA = f"{RELATIONS}/data"
RELATIONS_RUN = f"{RELATIONS}/{{run}}"
RELATIONS_SPLITS = ("validation", "test", "given")
RELATIONS_ROWS = {split: f"{RELATIONS_DATA}/{split}.jsonl" for split in RELATIONS_SPLITS}
RELATIONS_FIRST = {split: f"{RELATIONS_DATA}/first_{split}.jsonl" for split in ("validation", "test")}
RELATIONS_SECOND = {split: f"{RELATIONS_RUN}/second/{split}.jsonl" for split in ("validation", "test")}


wildcard_constraints:
    run="|".join(map(re.escape, relations_runs())),
    variant=r"[a-z0-9.+]+",


localrules:
    relations_prepare,
    relations_prepare_training,
    relations_given,
    relations_join,
    relations_score,
    relations_card,
    relations_summarize,
    relations_examples,


rule relations:
    input:
        f"{RELATIONS}/summary/comparison.csv",
        f"{RELATIONS}/summary/examples.html",
        relations_files("evaluation_results.json"),
        relations_trained_files("final_model/README.md"),


rule relations_prepare:
    input:
        relations_sources,
    output:
        **RELATIONS_ROWS,
        **{f"first_{split}": path for split, path in RELATIONS_FIRST.items()},
        second_given=f"{RELATIONS_DATA}/second_given.jsonl",
        manifest=f"{RELATIONS_DATA}/manifest.json",
        schema=f"{RELATIONS_DATA}/schema.json",
        known=f"{RELATIONS_DATA}/known.json",
        diversity=f"{RELATIONS_DATA}/diversity.json",
    log:
        f"{RELATIONS_DATA}/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=relations_held_out_data(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_relations.py"


rule relations_prepare_training:
    """The training rows of the runs that learn from the same documents in the same form."""
    input:
        relations_sources,
        validation=RELATIONS_ROWS["validation"],
        test=RELATIONS_ROWS["test"],
        schema=rules.relations_prepare.output.schema,
    output:
        train=f"{RELATIONS_DATA}/{{variant}}/train.jsonl",
        validation=f"{RELATIONS_DATA}/{{variant}}/validation.jsonl",
        record=f"{RELATIONS_DATA}/{{variant}}/record.json",
    log:
        f"{RELATIONS_DATA}/{{variant}}/prepare.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=relations_variant_data,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_relations_training.py"


use rule train_adapter as relations_train with:
    input:
        unpack(relations_training_rows),
        prompts=relations_prompts,
        schema=rules.relations_prepare.output.schema,
        base=base_model("relations"),
    output:
        weights=f"{RELATIONS_RUN}/final_model/adapter_model.safetensors",
        config=f"{RELATIONS_RUN}/final_model/adapter_config.json",
        record=f"{RELATIONS_RUN}/training.json",
    log:
        f"{RELATIONS_RUN}/train.log",
    benchmark:
        f"{RELATIONS_RUN}/train.benchmark.tsv"
    params:
        task_options=relations_teaching,
        settings=relations_training,
        answer_tokens=judged_answer_tokens("relations"),
        seed=relations_seed,


use rule generate as relations_generate_base with:
    input:
        **RELATIONS_ROWS,
        prompts=relations_prompts,
        schema=relations_form,
        base=base_model("relations"),
    output:
        predictions=f"{RELATIONS}/base/predictions.jsonl",
    log:
        f"{RELATIONS}/base/generate.log",
    benchmark:
        f"{RELATIONS}/base/generate.benchmark.tsv"
    params:
        task_options=relations_answering,
        settings=relations_generation,
        quantization=quantization_settings("relations"),
        splits=list(RELATIONS_SPLITS),


use rule relations_generate_base as relations_generate_practised with:
    input:
        **RELATIONS_ROWS,
        prompts=relations_prompts,
        schema=rules.relations_prepare.output.schema,
        base=base_model("relations"),
    output:
        predictions=f"{RELATIONS}/practised/predictions.jsonl",
    log:
        f"{RELATIONS}/practised/generate.log",
    benchmark:
        f"{RELATIONS}/practised/generate.benchmark.tsv"
    params:
        task_options=relations_practised,
        settings={**generation_settings("relations"), "constrained": False},  # not the study's form


use rule generate as relations_generate with:
    input:
        **RELATIONS_ROWS,
        prompts=relations_prompts,
        schema=relations_form,
        base=base_model("relations"),
        adapter=relations_adapter,
    output:
        predictions=f"{RELATIONS_RUN}/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/generate.benchmark.tsv"
    wildcard_constraints:
        run=relations_names(two_steps=False),
    params:
        task_options=relations_answering,
        settings=relations_generation,
        quantization=quantization_settings("relations"),
        splits=list(RELATIONS_SPLITS),


use rule generate as relations_generate_first with:
    input:
        **RELATIONS_FIRST,
        prompts=relations_prompts,
        schema=relations_form,
        base=base_model("relations"),
        adapter=relations_adapter,
    output:
        predictions=f"{RELATIONS_RUN}/first/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/first/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/first/generate.benchmark.tsv"
    wildcard_constraints:
        run=relations_names(two_steps=True),
    params:
        task_options=relations_answering,
        settings=relations_generation,
        quantization=quantization_settings("relations"),
        splits=list(RELATIONS_FIRST),


rule relations_given:
    """The second step's rows: the documents with the entities that the first step found."""
    input:
        **RELATIONS_FIRST,
        predictions=rules.relations_generate_first.output.predictions,
    output:
        **RELATIONS_SECOND,
    log:
        f"{RELATIONS_RUN}/second/given.log",
    conda:
        "../envs/analysis.yaml"
    params:
        splits=list(RELATIONS_SECOND),
    script:
        "../workflow/scripts/given_relations.py"


use rule generate as relations_generate_second with:
    input:
        **RELATIONS_SECOND,
        given=rules.relations_prepare.output.second_given,
        prompts=relations_prompts,
        schema=relations_form,
        base=base_model("relations"),
        adapter=relations_adapter,
    output:
        predictions=f"{RELATIONS_RUN}/second/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/second/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/second/generate.benchmark.tsv"
    wildcard_constraints:
        run=relations_names(two_steps=True),
    params:
        task_options=relations_answering,
        settings=relations_generation,
        quantization=quantization_settings("relations"),
        splits=list(RELATIONS_SPLITS),


rule relations_join:
    """One answer for each document, from those of both steps."""
    input:
        first=rules.relations_generate_first.output.predictions,
        second=rules.relations_generate_second.output.predictions,
    output:
        predictions=f"{RELATIONS_RUN}/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/join.log",
    wildcard_constraints:
        run=relations_names(two_steps=True),
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/join_relations.py"


use rule score as relations_score with:
    input:
        **RELATIONS_ROWS,
        schema=rules.relations_prepare.output.schema,
        known=rules.relations_prepare.output.known,
        predictions=relations_predictions,
        benchmark=relations_benchmarks,
    output:
        metrics=f"{RELATIONS_RUN}/metrics.json",
        item_scores=f"{RELATIONS_RUN}/items.csv",
        results=f"{RELATIONS_RUN}/evaluation_results.json",
        errors=f"{RELATIONS_RUN}/errors.json",
    log:
        f"{RELATIONS_RUN}/score.log",
    params:
        splits=list(RELATIONS_SPLITS),
        options=relations_reading,


use rule write_card as relations_card with:
    input:
        base=base_model("relations"),
        model=rules.relations_train.output.config,
        record=rules.relations_train.output.record,
        metrics=rules.relations_score.output.metrics,
        manifest=rules.relations_prepare.output.manifest,
        base_metrics=f"{RELATIONS}/base/metrics.json",
        practised_metrics=f"{RELATIONS}/practised/metrics.json",
        prompts=relations_prompts,
    output:
        card=f"{RELATIONS_RUN}/final_model/README.md",
    log:
        f"{RELATIONS_RUN}/card.log",
    conda:
        "../envs/train.yaml"
    params:
        options=relations_options,


rule relations_summarize:
    input:
        metrics=relations_files("metrics.json"),
        item_scores=relations_files("items.csv"),
        manifest=rules.relations_prepare.output.manifest,
    output:
        **summary_tables(
            "relations",
            "Relations",
            ["comparison", "switches", "entity_types", "relation_types", "familiarity"],
            ["errors", "entity_confusion", "relation_confusion", "answers"],
        ),
        **summary_plots(
            "relations",
            "Relations",
            ["comparison", "relation_types", "entity_confusion", "relation_confusion", "errors"],
        ),
        **readable_page("relations", "Relations", f"{RELATIONS}/summary", "summary"),
        choice=f"{RELATIONS}/summary/choice.json",
        headline=f"{RELATIONS}/summary/headline.txt",
    log:
        f"{RELATIONS}/summary/summarize.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=relations_runs(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/summarize_relations.py"


rule relations_examples:
    """Documents of the test split with what the chosen run finds in them, beside the gold annotation."""
    input:
        choice=rules.relations_summarize.output.choice,
        predictions=relations_all_predictions,
        test=RELATIONS_ROWS["test"],
        schema=rules.relations_prepare.output.schema,
        manifest=rules.relations_prepare.output.manifest,
    output:
        page=page_in_report("relations", "Relations", f"{RELATIONS}/summary", "examples"),
    log:
        f"{RELATIONS}/summary/examples.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=relations_runs(),
        most=CONFIG.relations.examples,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/examples_relations.py"


rule relations_predict:
    """Entities and relations in the notes of `relations.predict`. They are streamed, and the job resumes after being killed."""
    input:
        base=base_model("relations"),
        adapter=relations_predict_adapter,
        prompts=relations_prompts,
        schema=rules.relations_prepare.output.schema,
        notes=new_texts_path(*RELATIONS_NEW),
    output:
        predictions=f"{RELATIONS}/predictions/predictions.json",
        entities=f"{RELATIONS}/predictions/entities.csv",
        relations=f"{RELATIONS}/predictions/relations.csv",
        documents=f"{RELATIONS}/predictions/documents.csv",
        skipped=f"{RELATIONS}/predictions/skipped.csv",
        page=f"{RELATIONS}/predictions/predicted.html",
        record=f"{RELATIONS}/predictions/record.json",
    log:
        f"{RELATIONS}/predictions/predict.log",
    benchmark:
        f"{RELATIONS}/predictions/predict.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    threads: threads_for
    resources:
        gpu=1,
        mem_mb=memory_for,
        runtime=runtime_for,
        batch_tokens=batch_tokens,
    params:
        task_options=relations_predict_options,
        source=new_texts_source(*RELATIONS_NEW),
        listing=new_texts_listing(*RELATIONS_NEW),  # notes that changed are read anew
        page_notes=new_texts_on_page(*RELATIONS_NEW),
        settings=relations_predict_generation,
        quantization=quantization_settings("relations"),
        seed=CONFIG.seed,
        state=state_folder,
    script:
        "../workflow/scripts/predict_relations.py"


rule predict:
    input:
        rules.relations_predict.output,
