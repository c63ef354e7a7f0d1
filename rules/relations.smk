"""Study relations: entities and relations as generated JSON; a run for each switch that may improve on the default."""

from medtune.studies.relations.jobs import RelationsJobs

RELATIONS_JOBS = ForRules(RelationsJobs(CONFIG))
RELATIONS = RELATIONS_JOBS.root
RELATIONS_NEW = ForRules(RELATIONS_JOBS.new_notes())
RELATIONS_DATA = f"{RELATIONS}/data"
RELATIONS_RUN = f"{RELATIONS}/{{run}}"
RELATIONS_SPLITS = ("validation", "test", "given")
RELATIONS_ROWS = {split: f"{RELATIONS_DATA}/{split}.jsonl" for split in RELATIONS_SPLITS}
RELATIONS_FIRST = {split: f"{RELATIONS_DATA}/first_{split}.jsonl" for split in ("validation", "test")}
RELATIONS_SECOND = {split: f"{RELATIONS_RUN}/second/{split}.jsonl" for split in ("validation", "test")}


wildcard_constraints:
    run=RELATIONS_JOBS.run_pattern(),
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
        RELATIONS_JOBS.files("evaluation_results.json"),
        RELATIONS_JOBS.trained_files("final_model/README.md"),


rule relations_prepare:
    input:
        RELATIONS_JOBS.sources,
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
        settings=RELATIONS_JOBS.held_out_data(),
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_relations.py"


rule relations_prepare_training:
    """The training rows of the runs that learn from the same documents in the same form."""
    input:
        RELATIONS_JOBS.sources,
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
        settings=RELATIONS_JOBS.variant_data,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/prepare_relations_training.py"


use rule train_adapter as relations_train with:
    input:
        unpack(RELATIONS_JOBS.training_rows),
        prompts=RELATIONS_JOBS.prompts(),
        schema=rules.relations_prepare.output.schema,
        base=RELATIONS_JOBS.base,
    output:
        weights=f"{RELATIONS_RUN}/final_model/adapter_model.safetensors",
        config=f"{RELATIONS_RUN}/final_model/adapter_config.json",
        record=f"{RELATIONS_RUN}/training.json",
    log:
        f"{RELATIONS_RUN}/train.log",
    benchmark:
        f"{RELATIONS_RUN}/train.benchmark.tsv"
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.training_resources(),
    params:
        task="relations",
        task_options=RELATIONS_JOBS.teaching,
        settings=RELATIONS_JOBS.training,
        answer_tokens=RELATIONS_JOBS.judged_answer_tokens(),
        seed=RELATIONS_JOBS.seed,


use rule generate as relations_generate_base with:
    input:
        **RELATIONS_ROWS,
        prompts=RELATIONS_JOBS.prompts(),
        schema=RELATIONS_JOBS.form,
        base=RELATIONS_JOBS.base,
    output:
        predictions=f"{RELATIONS}/base/predictions.jsonl",
    log:
        f"{RELATIONS}/base/generate.log",
    benchmark:
        f"{RELATIONS}/base/generate.benchmark.tsv"
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.generation_resources(),
    params:
        task="relations",
        task_options=RELATIONS_JOBS.answering,
        settings=RELATIONS_JOBS.generation,
        quantization=RELATIONS_JOBS.quantization_settings(),
        splits=list(RELATIONS_SPLITS),


use rule relations_generate_base as relations_generate_practised with:
    input:
        **RELATIONS_ROWS,
        prompts=RELATIONS_JOBS.prompts(),
        schema=rules.relations_prepare.output.schema,
        base=RELATIONS_JOBS.base,
    output:
        predictions=f"{RELATIONS}/practised/predictions.jsonl",
    log:
        f"{RELATIONS}/practised/generate.log",
    benchmark:
        f"{RELATIONS}/practised/generate.benchmark.tsv"
    params:
        task_options=RELATIONS_JOBS.practised(),
        settings=RELATIONS_JOBS.practised_generation(),


use rule generate as relations_generate with:
    input:
        **RELATIONS_ROWS,
        prompts=RELATIONS_JOBS.prompts(),
        schema=RELATIONS_JOBS.form,
        base=RELATIONS_JOBS.base,
        adapter=RELATIONS_JOBS.adapter,
    output:
        predictions=f"{RELATIONS_RUN}/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/generate.benchmark.tsv"
    wildcard_constraints:
        run=RELATIONS_JOBS.run_pattern(two_steps=False),
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.generation_resources(),
    params:
        task="relations",
        task_options=RELATIONS_JOBS.answering,
        settings=RELATIONS_JOBS.generation,
        quantization=RELATIONS_JOBS.quantization_settings(),
        splits=list(RELATIONS_SPLITS),


use rule generate as relations_generate_first with:
    input:
        **RELATIONS_FIRST,
        prompts=RELATIONS_JOBS.prompts(),
        schema=RELATIONS_JOBS.form,
        base=RELATIONS_JOBS.base,
        adapter=RELATIONS_JOBS.adapter,
    output:
        predictions=f"{RELATIONS_RUN}/first/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/first/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/first/generate.benchmark.tsv"
    wildcard_constraints:
        run=RELATIONS_JOBS.run_pattern(two_steps=True),
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.generation_resources(),
    params:
        task="relations",
        task_options=RELATIONS_JOBS.answering,
        settings=RELATIONS_JOBS.generation,
        quantization=RELATIONS_JOBS.quantization_settings(),
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
        prompts=RELATIONS_JOBS.prompts(),
        schema=RELATIONS_JOBS.form,
        base=RELATIONS_JOBS.base,
        adapter=RELATIONS_JOBS.adapter,
    output:
        predictions=f"{RELATIONS_RUN}/second/predictions.jsonl",
    log:
        f"{RELATIONS_RUN}/second/generate.log",
    benchmark:
        f"{RELATIONS_RUN}/second/generate.benchmark.tsv"
    wildcard_constraints:
        run=RELATIONS_JOBS.run_pattern(two_steps=True),
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.generation_resources(),
    params:
        task="relations",
        task_options=RELATIONS_JOBS.answering,
        settings=RELATIONS_JOBS.generation,
        quantization=RELATIONS_JOBS.quantization_settings(),
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
        run=RELATIONS_JOBS.run_pattern(two_steps=True),
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/join_relations.py"


use rule score as relations_score with:
    input:
        **RELATIONS_ROWS,
        schema=rules.relations_prepare.output.schema,
        known=rules.relations_prepare.output.known,
        predictions=RELATIONS_JOBS.predictions,
        benchmark=RELATIONS_JOBS.benchmarks,
    output:
        metrics=f"{RELATIONS_RUN}/metrics.json",
        item_scores=f"{RELATIONS_RUN}/items.csv",
        results=f"{RELATIONS_RUN}/evaluation_results.json",
        errors=f"{RELATIONS_RUN}/errors.json",
    log:
        f"{RELATIONS_RUN}/score.log",
    params:
        task="relations",
        splits=list(RELATIONS_SPLITS),
        options=RELATIONS_JOBS.reading,


use rule write_card as relations_card with:
    input:
        base=RELATIONS_JOBS.base,
        model=rules.relations_train.output.config,
        record=rules.relations_train.output.record,
        metrics=rules.relations_score.output.metrics,
        manifest=rules.relations_prepare.output.manifest,
        base_metrics=f"{RELATIONS}/base/metrics.json",
        practised_metrics=f"{RELATIONS}/practised/metrics.json",
        prompts=RELATIONS_JOBS.prompts(),
    output:
        card=f"{RELATIONS_RUN}/final_model/README.md",
    log:
        f"{RELATIONS_RUN}/card.log",
    conda:
        "../envs/train.yaml"
    params:
        task="relations",
        options=RELATIONS_JOBS.options,


rule relations_summarize:
    input:
        metrics=RELATIONS_JOBS.files("metrics.json"),
        item_scores=RELATIONS_JOBS.files("items.csv"),
        manifest=rules.relations_prepare.output.manifest,
    output:
        **OUTPUTS.tables(
            "relations",
            "Relations",
            ["comparison", "switches", "entity_types", "relation_types", "familiarity"],
            ["errors", "entity_confusion", "relation_confusion", "answers"],
        ),
        **OUTPUTS.plots(
            "relations",
            "Relations",
            ["comparison", "relation_types", "entity_confusion", "relation_confusion", "errors"],
        ),
        **OUTPUTS.readable("relations", "Relations", f"{RELATIONS}/summary", "summary"),
        choice=f"{RELATIONS}/summary/choice.json",
        headline=f"{RELATIONS}/summary/headline.txt",
    log:
        f"{RELATIONS}/summary/summarize.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=RELATIONS_JOBS.runs,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/summarize_relations.py"


rule relations_examples:
    """Documents of the test split with what the chosen run finds in them, beside the gold annotation."""
    input:
        choice=rules.relations_summarize.output.choice,
        predictions=RELATIONS_JOBS.all_predictions(),
        test=RELATIONS_ROWS["test"],
        schema=rules.relations_prepare.output.schema,
        manifest=rules.relations_prepare.output.manifest,
    output:
        page=OUTPUTS.page("relations", "Relations", f"{RELATIONS}/summary", "examples"),
    log:
        f"{RELATIONS}/summary/examples.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=RELATIONS_JOBS.runs,
        most=CONFIG.relations.examples,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/examples_relations.py"


rule relations_predict:
    """Entities and relations in the notes of `relations.predict`. They are streamed, and the job resumes after being killed."""
    input:
        base=RELATIONS_JOBS.base,
        adapter=RELATIONS_JOBS.predict_adapter,
        prompts=RELATIONS_JOBS.prompts(),
        schema=rules.relations_prepare.output.schema,
        notes=RELATIONS_NEW.path,
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
    threads: RELATIONS_JOBS.threads
    resources:
        **RELATIONS_JOBS.generation_resources(),
    params:
        task_options=RELATIONS_JOBS.predict_options,
        source=RELATIONS_NEW.source,
        listing=RELATIONS_NEW.listing,  # notes that changed are read anew
        page_notes=RELATIONS_NEW.on_page,
        settings=RELATIONS_JOBS.predict_generation,
        quantization=RELATIONS_JOBS.quantization_settings(),
        seed=CONFIG.seed,
        state=STATE,
    script:
        "../workflow/scripts/predict_relations.py"


rule predict:
    input:
        rules.relations_predict.output,
