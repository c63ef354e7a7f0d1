"""Entry of the profile `tiny`."""

CONFIG_FILES = ["config.yaml", "tiny.yaml"]


include: "../main.smk"


rule all:
    input:
        rules.studies.input,
