"""Entry of the profile `small`."""

CONFIG_FILES = ["config.yaml", "small.yaml"]


include: "../main.smk"


rule all:
    input:
        rules.studies.input,
