"""Study maccrobat, over all trained taggers: selection, comparison, readiness, export, insights, notebook."""

import medtune.studies.maccrobat.tables as maccrobat_tables

MACCROBAT_SUMMARY = f"{MACCROBAT}/summary"
MACCROBAT_READINESS = f"{MACCROBAT}/analysis/readiness"
MACCROBAT_SELECTION = f"{MACCROBAT}/analysis/selection"
MACCROBAT_EXPORT = f"{MACCROBAT}/export"
MACCROBAT_KEYS = MACCROBAT_JOBS.runs()
MACCROBAT_RUN_FILES = {
    "records": MACCROBAT_JOBS.files("training.json"),
    "taggings": MACCROBAT_JOBS.files("tagging.json"),
    "predictions": MACCROBAT_JOBS.files("predictions.jsonl"),
    "speeds": MACCROBAT_JOBS.files("analysis/speed/speed.json"),
}
MACCROBAT_GOLD = {
    "validation": MACCROBAT_ROWS["validation"],
    "test": MACCROBAT_ROWS["test"],
    "tags": MACCROBAT_TAGS,
}


localrules:
    maccrobat_summarize,
    maccrobat_readiness,
    maccrobat_select,
    maccrobat_export,
    maccrobat_insights,
    maccrobat_notebook,


rule maccrobat_select:
    """Chooses the run that summary, readiness, export, insights and notebook are about."""
    input:
        **MACCROBAT_RUN_FILES,
        **MACCROBAT_GOLD,
        manifest=rules.maccrobat_prepare.output.manifest,
    output:
        **OUTPUTS.readable("maccrobat", "MACCROBAT", MACCROBAT_SELECTION, "selection"),
        ranking=f"{MACCROBAT_SELECTION}/ranking.csv",
        trade_offs=f"{MACCROBAT_SELECTION}/trade_offs.csv",
        record=f"{MACCROBAT_SELECTION}/selection.json",
    log:
        f"{MACCROBAT_SELECTION}/select.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
        weights=CONFIG.maccrobat.analysis.weights.model_dump(),
    script:
        "../workflow/scripts/select_maccrobat.py"


rule maccrobat_summarize:
    input:
        **MACCROBAT_RUN_FILES,
        **MACCROBAT_GOLD,
        selection=rules.maccrobat_select.output.record,
    output:
        **OUTPUTS.tables("maccrobat", "MACCROBAT", maccrobat_tables.SHOWN, maccrobat_tables.PLAIN),
        **OUTPUTS.plots("maccrobat", "MACCROBAT", maccrobat_tables.PLOTS),
        choice=f"{MACCROBAT_SUMMARY}/choice.json",
        page=f"{MACCROBAT_SUMMARY}/summary.md",
        headline=f"{MACCROBAT_SUMMARY}/headline.txt",
    log:
        f"{MACCROBAT_SUMMARY}/summarize.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/summarize_maccrobat.py"


rule maccrobat_readiness:
    input:
        **MACCROBAT_RUN_FILES,
        **MACCROBAT_GOLD,
        choice=rules.maccrobat_summarize.output.choice,
    output:
        **{
            name: f"{MACCROBAT_READINESS}/{name}.csv"
            for name in (
                "documents",
                "entities",
                "high_value",
                "types",
                "document_decisions",
                "entity_decisions",
            )
        },
        **{
            f"{name}_{suffix}": f"{MACCROBAT_READINESS}/{name}.{suffix}"
            for name in ("entities", "documents")
            for suffix in ("png", "svg")
        },
        **OUTPUTS.readable("maccrobat", "MACCROBAT", MACCROBAT_READINESS, "readiness"),
        record=f"{MACCROBAT_READINESS}/readiness.json",
    log:
        f"{MACCROBAT_READINESS}/readiness.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
        settings=CONFIG.maccrobat.analysis.model_dump(
            exclude={"samples", "timed_documents", "timing_rounds", "weights"}
        ),
    script:
        "../workflow/scripts/readiness_maccrobat.py"


rule maccrobat_export:
    input:
        **MACCROBAT_RUN_FILES,
        models=MACCROBAT_JOBS.files("model/config.json"),
        cards=MACCROBAT_JOBS.files("model/README.md"),
        tags=MACCROBAT_TAGS,
        choice=rules.maccrobat_summarize.output.choice,
    output:
        folder=directory(MACCROBAT_EXPORT),
    log:
        f"{MACCROBAT_SUMMARY}/export.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
    script:
        "../workflow/scripts/export_maccrobat.py"


rule maccrobat_insights:
    input:
        **MACCROBAT_RUN_FILES,
        choice=rules.maccrobat_summarize.output.choice,
        types=MACCROBAT_JOBS.files("analysis/types/types.json"),
        errors=MACCROBAT_JOBS.files("analysis/errors/errors.json"),
        confidence=MACCROBAT_JOBS.files("analysis/confidence/confidence.json"),
        readiness=rules.maccrobat_readiness.output.record,
    output:
        **OUTPUTS.readable("maccrobat", "MACCROBAT", MACCROBAT_SUMMARY, "insights"),
        record=f"{MACCROBAT_SUMMARY}/insights.json",
    log:
        f"{MACCROBAT_SUMMARY}/insights.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
    script:
        "../workflow/scripts/insights_maccrobat.py"


rule maccrobat_notebook:
    input:
        **MACCROBAT_RUN_FILES,
        choice=rules.maccrobat_summarize.output.choice,
        readiness=rules.maccrobat_readiness.output.record,
        selection=rules.maccrobat_select.output.record,
        insights=rules.maccrobat_insights.output.record,
    output:
        ipynb=f"{MACCROBAT_SUMMARY}/summary.ipynb",
        html=OUTPUTS.shown(f"{MACCROBAT_SUMMARY}/summary.html", "maccrobat", "MACCROBAT", "notebook", "Pages"),
    log:
        f"{MACCROBAT_SUMMARY}/notebook.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=MACCROBAT_KEYS,
    script:
        "../workflow/scripts/notebook_maccrobat.py"


rule maccrobat_extract:
    """The entities of the notes of `maccrobat.extract`. They are streamed, and the job resumes after being killed."""
    input:
        tagger=rules.maccrobat_export.output.folder,
        readiness=rules.maccrobat_readiness.output.record,
        notes=MACCROBAT_NEW.path,
    output:
        predictions=f"{MACCROBAT}/extractions/extractions.json",
        entities=f"{MACCROBAT}/extractions/entities.csv",
        notes=f"{MACCROBAT}/extractions/notes.csv",
        skipped=f"{MACCROBAT}/extractions/skipped.csv",
        page=f"{MACCROBAT}/extractions/extracted.html",
        record=f"{MACCROBAT}/extractions/record.json",
    log:
        f"{MACCROBAT}/extractions/extract.log",
    benchmark:
        f"{MACCROBAT}/extractions/extract.benchmark.tsv"
    conda:
        "../envs/train.yaml"
    threads: MACCROBAT_JOBS.most_threads()
    resources:
        **MACCROBAT_JOBS.encoder_resources(),
    params:
        source=MACCROBAT_NEW.source,
        listing=MACCROBAT_NEW.listing,  # notes that changed are tagged anew
        page_notes=MACCROBAT_NEW.on_page,
        state=STATE,
    script:
        "../workflow/scripts/extract_maccrobat.py"


rule extract:
    input:
        rules.maccrobat_extract.output,
