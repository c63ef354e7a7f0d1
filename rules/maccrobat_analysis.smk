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
        **maccrobat_analysis(
            "types",
            ["types", "tiers", "tier_differences", "weakest", "pairs"],
            ["f1_by_type", "frequency", "tiers"],
        ),
    log:
        f"{MACCROBAT_RUN}/analysis/types/analyse.log",
    conda:
        "../envs/analysis.yaml"
    params:
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/analyse_types.py"


rule maccrobat_errors:
    input:
        data=MACCROBAT_ROWS["test"],
        train=MACCROBAT_ROWS["train"],
        predictions=f"{MACCROBAT_RUN}/predictions.jsonl",
    output:
        **maccrobat_analysis(
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
        **maccrobat_analysis(
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
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/analyse_confidence.py"


rule maccrobat_speed:
    input:
        data=MACCROBAT_ROWS["test"],
        tags=MACCROBAT_TAGS,
        model=f"{MACCROBAT_RUN}/model/config.json",
        tagging=f"{MACCROBAT_RUN}/tagging.json",
    output:
        **maccrobat_analysis("speed", ["speed", "precision", "streaming"], ["throughput", "precision"]),
    log:
        f"{MACCROBAT_RUN}/analysis/speed/analyse.log",
    conda:
        "../envs/train.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=encoder_memory,
        runtime=encoder_runtime,
    params:
        timed=CONFIG.maccrobat.analysis.timed_documents,
        rounds=CONFIG.maccrobat.analysis.timing_rounds,
        seed=CONFIG.seed,
    script:
        "../workflow/scripts/analyse_speed.py"
