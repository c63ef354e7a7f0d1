"""Studies of the user's own (`studies` in the configuration): what they have beside the road."""

for STUDY in OWN:

    rule:
        name:
            STUDY.study
        input:
            STUDY.targets(),

    rule:
        name:
            f"{STUDY.study}_prepare"
        input:
            STUDY.sources(),
            **STUDY.study_files(),
        output:
            **STUDY.data,
            manifest=STUDY.manifest,
        log:
            f"{STUDY.root}/data/prepare.log",
        localrule: True
        conda:
            "../envs/analysis.yaml"
        params:
            study=STUDY.study,
            section=STUDY.section.data_options(),
            reader=STUDY.reader,
            seed=CONFIG.seed,
        script:
            "../workflow/scripts/prepare_own.py"

    rule:
        name:
            f"{STUDY.study}_subset"
        input:
            train=STUDY.data["train"],
        output:
            train=STUDY.subset,
        log:
            f"{STUDY.subset.removesuffix('.jsonl')}.log",
        wildcard_constraints:
            **STUDY.subset_wildcards(),
        localrule: True
        conda:
            "../envs/analysis.yaml"
        params:
            size=lambda wildcards: int(wildcards.size),
            seed=lambda wildcards: int(wildcards.seed),
        script:
            "../workflow/scripts/subset_own.py"

    if STUDY.runs():

        rule:
            name:
                f"{STUDY.study}_summarize"
            input:
                base_metrics=f"{STUDY.root}/base/metrics.json",
                base_item_scores=f"{STUDY.root}/base/items.csv",
                metrics=STUDY.files("metrics.json", STUDY.runs()),
                item_scores=STUDY.files("items.csv", STUDY.runs()),
                records=STUDY.files("training.json", STUDY.runs()),
                guards=STUDY.guards(),
                manifest=STUDY.manifest,
                audits=STUDY.audits(),
            output:
                **OUTPUTS.tables(STUDY.study, STUDY.title, STUDY.run_tables, caption="own"),
                **OUTPUTS.plots(STUDY.study, STUDY.title, ["figure", "curves"], caption="own"),
                **OUTPUTS.readable(
                    STUDY.study, STUDY.title, f"{STUDY.root}/summary", "summary", caption="own"
                ),
                choice=f"{STUDY.root}/summary/choice.json",
                headline=f"{STUDY.root}/summary/headline.txt",
            log:
                f"{STUDY.root}/summary/summarize.log",
            localrule: True
            conda:
                "../envs/analysis.yaml"
            params:
                task=STUDY.task,
                title=STUDY.title,
                runs=[{"name": run.name, "seed": run.seed} for run in STUDY.runs()],
                seed=CONFIG.seed,
            script:
                "../workflow/scripts/summarize_own.py"

    if STUDY.compares:

        rule:
            name:
                f"{STUDY.study}_methods"
            input:
                metrics=STUDY.files("metrics.json", STUDY.compared()),
                item_scores=STUDY.files("items.csv", STUDY.compared()),
                records=STUDY.files("training.json", STUDY.compared()),
                answering=STUDY.files("answering.json", STUDY.compared()),
                manifest=STUDY.manifest,
                audits=STUDY.audits(),
            output:
                **OUTPUTS.tables(
                    STUDY.study, STUDY.title, ["methods", "learning_curve", "more_documents"], caption="own"
                ),
                **OUTPUTS.plots(
                    STUDY.study, STUDY.title, ["method_figures", "pareto", "learning_curves"], caption="own"
                ),
                **OUTPUTS.readable(
                    STUDY.study, STUDY.title, f"{STUDY.root}/summary", "method_summary", caption="own"
                ),
                headline=f"{STUDY.root}/summary/method_headline.txt",
            log:
                f"{STUDY.root}/summary/methods.log",
            localrule: True
            conda:
                "../envs/analysis.yaml"
            params:
                task=STUDY.task,
                title=STUDY.title,
                units=STUDY.described(),
                seed=CONFIG.seed,
            script:
                "../workflow/scripts/summarize_methods.py"
