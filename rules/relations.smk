"""Study relations: entities and relations as generated JSON; a run for each switch that may improve on the default."""

import medtune.studies.relations.captions as relations_captions

RELATIONS = RELATIONS_JOBS.root
RELATIONS_NEW = ForRules(RELATIONS_JOBS.new_notes())
RELATIONS_DATA = f"{RELATIONS}/data"
RELATIONS_RUN = f"{RELATIONS}/{{run}}"


wildcard_constraints:
    run=RELATIONS_JOBS.run_pattern(),
    variant=r"[a-z0-9.+]+",


localrules:
    relations_prepare,
    relations_prepare_training,
    relations_given,
    relations_join,
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
        **RELATIONS_JOBS.rows,
        **{f"first_{split}": path for split, path in RELATIONS_JOBS.first.items()},
        second_given=RELATIONS_JOBS.second_given,
        manifest=f"{RELATIONS_DATA}/manifest.json",
        schema=RELATIONS_JOBS.schema,
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
        validation=RELATIONS_JOBS.rows["validation"],
        test=RELATIONS_JOBS.rows["test"],
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


rule relations_given:
    """The second step's rows: the documents with the entities that the first step found."""
    input:
        **RELATIONS_JOBS.first,
        predictions=rules.relations_generate_first.output.predictions,
    output:
        **RELATIONS_JOBS.second,
    log:
        f"{RELATIONS_RUN}/second/given.log",
    conda:
        "../envs/analysis.yaml"
    params:
        splits=list(RELATIONS_JOBS.second),
    script:
        "../workflow/scripts/given_relations.py"


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


rule relations_summarize:
    input:
        metrics=RELATIONS_JOBS.files("metrics.json"),
        item_scores=RELATIONS_JOBS.files("items.csv"),
        manifest=rules.relations_prepare.output.manifest,
    output:
        **OUTPUTS.tables("relations", "Relations", relations_captions.SHOWN, relations_captions.PLAIN),
        **OUTPUTS.plots("relations", "Relations", relations_captions.PLOTS),
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
        test=RELATIONS_JOBS.rows["test"],
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
