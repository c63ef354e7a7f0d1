"""Entry of the profile `small`."""


configfile: "config/config.yaml"
configfile: "config/small.yaml"


include: "../main.smk"


rule all:
    input:
        rules.studies.input,
