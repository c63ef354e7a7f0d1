"""Studies of the user's own (`studies` in the configuration): what they have beside the road."""

for STUDY in OWN:

    rule:
        name:
            STUDY.name
        input:
            f"{STUDY.home}/summary/runs.csv",
            STUDY.files("adapter/README.md"),

    rule:
        name:
            f"{STUDY.name}_prepare"
        input:
            STUDY.sources(),
        output:
            **STUDY.data,
            manifest=STUDY.manifest,
        log:
            f"{STUDY.home}/data/prepare.log",
        localrule: True
        conda:
            "../envs/analysis.yaml"
        params:
            study=STUDY.name,
            section=STUDY.section.data_options(),
            seed=CONFIG.seed,
        script:
            "../workflow/scripts/prepare_own.py"

    rule:
        name:
            f"{STUDY.name}_summarize"
        input:
            base_metrics=f"{STUDY.home}/base/metrics.json",
            base_item_scores=f"{STUDY.home}/base/items.csv",
            metrics=STUDY.files("metrics.json"),
            item_scores=STUDY.files("items.csv"),
            records=STUDY.files("training.json"),
            manifest=STUDY.manifest,
        output:
            **summary_tables(STUDY.name, STUDY.title, ["runs", "comparisons", "seeds"], caption="own"),
            **summary_plots(STUDY.name, STUDY.title, ["figure", "curves"], caption="own"),
            **readable_page(STUDY.name, STUDY.title, f"{STUDY.home}/summary", "summary", caption="own"),
            choice=f"{STUDY.home}/summary/choice.json",
            headline=f"{STUDY.home}/summary/headline.txt",
        log:
            f"{STUDY.home}/summary/summarize.log",
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
