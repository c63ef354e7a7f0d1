"""Write the model card of an adapter or a tagger. Called by the rules {study}_card (rules/road.smk).

The card stands in the model's folder. Optional inputs `base_metrics` and `practised_metrics` are of the base model,
asked in the study's form and in its practised form; they are shown beside. Optional input `guard` (guard.json) is what
the adapter forgot. The param `options`, where there is one, goes to the study's `study_card` by its names.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, snakemake.threads):
        from medtune.data.predictions import longer_gold_sentences
        from medtune.files import read_json, write_text
        from medtune.reporting.cards import render_card
        from medtune.studies import part_of

        study = part_of(snakemake.params.task, "card")
        manifest = read_json(snakemake.input.manifest)
        figures = {
            name: read_json(snakemake.input[key])
            for key, name in (
                ("metrics", "adapter"),
                ("base_metrics", "base model"),
                ("practised_metrics", "base model, practised form"),
            )
            if snakemake.input.get(key)
        }
        card = study.study_card(manifest, **snakemake.params.get("options", {}))
        longer = longer_gold_sentences(figures["adapter"].get("longer_gold_answers", {}))
        if hasattr(study, "card_metrics"):  # a study whose splits have other names says what the card shows
            figures = {name: study.card_metrics(metrics) for name, metrics in figures.items()}
        text = render_card(
            study=card.with_limits(longer),
            base_folder=snakemake.input.base,
            model_folder=Path(snakemake.output.card).parent,
            base=read_json(Path(snakemake.input.base) / "record.json"),
            manifest=manifest,
            record=read_json(snakemake.input.record),
            metrics=figures.pop("adapter"),
            others=figures,
            guard=read_json(snakemake.input.guard) if snakemake.input.get("guard") else None,
        )
        write_text(snakemake.output.card, text)
