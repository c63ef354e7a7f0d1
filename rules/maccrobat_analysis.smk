"""Study maccrobat, analysis of each trained tagger: its types, errors, confidence and speed."""


localrules:
    maccrobat_types,
    maccrobat_errors,
    maccrobat_confidence,


rule maccrobat_types:
    input:
        data=MACCROBAT_ROWS["test"],
        tags=MACCROBAT_TAGS,
        predictions=f"{MACCROBAT_RUN}/predictions.jsonl",
    output:
        **MACCROBAT_JOBS.analysis(
            "types",
            ["types", "tiers", "tier_differences", "weakest", "pairs"],
            ["f1_by_type", "frequency", "tiers"],
        ),
    log:
        f"{MACCROBAT_RUN}/analysis/types/analyse.log",
    conda:
        "../envs/analysis.yaml"
    script:
        "../workflow/scripts/analyse_types.py"


rule maccrobat_errors:
    input:
        data=MACCROBAT_ROWS["test"],
        train=MACCROBAT_ROWS["train"],
        predictions=f"{MACCROBAT_RUN}/predictions.jsonl",
    output:
        **MACCROBAT_JOBS.analysis(
            "errors",
            ["classes", "directions", "confusion", "pairs", "lengths", "patterns", "examples"],
            ["classes", "confusion", "lengths"],
        ),
    log:
        f"{MACCROBAT_RUN}/analysis/errors/analyse.log",
    conda:
        "../envs/analysis.yaml"
    params:
        samples=CONFIG.maccrobat.analysis.samples,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/analyse_errors.py"


rule maccrobat_confidence:
    input:
        validation=MACCROBAT_ROWS["validation"],
        test=MACCROBAT_ROWS["test"],
        predictions=f"{MACCROBAT_RUN}/predictions.jsonl",
    output:
        **MACCROBAT_JOBS.analysis(
            "confidence",
            ["thresholds", "histogram", "means", "calibration", "reliability"],
            ["histogram", "thresholds", "thresholds_raw", "reliability", "reliability_raw"],
        ),
    log:
        f"{MACCROBAT_RUN}/analysis/confidence/analyse.log",
    conda:
        "../envs/analysis.yaml"
    params:
        thresholds=CONFIG.maccrobat.analysis.thresholds,
        target=CONFIG.maccrobat.analysis.target,
    script:
        "../workflow/scripts/analyse_confidence.py"


rule maccrobat_speed:
    """Timed with no other job beside it: on this machine it takes all cores (`whole_machine`), on SLURM the profile asks
    for an exclusive node. The tagger has as many threads as when its documents were tagged."""
    input:
        data=MACCROBAT_ROWS["test"],
        model=f"{MACCROBAT_RUN}/model/config.json",
        settings=f"{MACCROBAT_RUN}/model/tagger.json",
    output:
        **MACCROBAT_JOBS.analysis("speed", ["speed", "precision", "streaming"], ["throughput", "precision"]),
    log:
        f"{MACCROBAT_RUN}/analysis/speed/analyse.log",
    conda:
        "../envs/train.yaml"
    threads: whole_machine
    resources:
        **MACCROBAT_JOBS.encoder_resources(),
    params:
        timed=CONFIG.maccrobat.analysis.timed_documents,
        rounds=CONFIG.maccrobat.analysis.timing_rounds,
        threads=MACCROBAT_JOBS.threads,
    script:
        "../workflow/scripts/analyse_speed.py"
