"""Entry at paper scale; the profiles `tiny` and `small` have theirs in rules/scales."""

CONFIG_FILES = ["config.yaml"]


include: "rules/main.smk"


rule all:
    input:
        rules.studies.input,
