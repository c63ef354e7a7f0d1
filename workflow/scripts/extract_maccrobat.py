"""Find the entities of the user's notes. Called by the rule `maccrobat_extract`.

Inputs: `tagger`, the exported folder; `readiness`, the assessment of the same run. The param `source` says where the
notes are.
"""

from pathlib import Path

from medtune.runtime import job

if __name__ == "__main__":
    with job(snakemake.log, threads=snakemake.threads):
        from medtune.studies.maccrobat.extract import Job, extract
        from medtune.studies.maccrobat.extraction_files import Outputs

        extract(
            Job(
                notes=snakemake.params.source,
                tagger=snakemake.input.tagger,
                readiness=snakemake.input.readiness,
                batch_tokens=snakemake.resources.batch_tokens,
                page_notes=snakemake.params.page_notes,
            ),
            Outputs(**{name: Path(path) for name, path in snakemake.output.items()}),
            state=Path(snakemake.params.state),
        )
