"""Entry of the profile `tiny`."""


configfile: "config/config.yaml"
configfile: "config/tiny.yaml"


include: "../main.smk"


rule all:
    input:
        rules.studies.input,
