"""From RadGraph's reports to each entity type's rows, the reports of each split, and the manifest."""

import json
import logging
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from medtune.data.deduplication import normalise
from medtune.data.dropped import Dropped
from medtune.data.held_out import count_shared
from medtune.data.manifest import SourceDescription, describe_files, summarise_drops
from medtune.data.prompt_files import load_prompt
from medtune.data.splits import TWIN_METHOD, stratified_split
from medtune.errors import InputError
from medtune.files import sha256_of, write_json, write_jsonl
from medtune.metrics.intervals import f1
from medtune.studies.pretraining_texts import pretraining_documents
from medtune.studies.radgraph.generator import HEADINGS, make_corpus
from medtune.studies.radgraph.negatives import FORMULA, Made, gold_negatives, made_negatives, plan
from medtune.studies.radgraph.reports import (
    LABELS,
    Corpus,
    Cut,
    Report,
    Sentence,
    agreement_counts,
    corpus_of,
    cut,
    read_radgraph,
    write_radgraph,
)
from medtune.studies.radgraph.word_material import material

logger = logging.getLogger(__name__)

NAME = "radgraph"
SPLITS = ("train", "validation", "test")
FILE_OF = {"train": "train", "validation": "dev", "test": "test"}
"""The names of the splits in RadGraph."""
REPEATED = "repeated report"
_PATIENT = re.compile(r"(?:^|/)(p\d{5,}|patient\d+)(?=/|$)")


@dataclass(frozen=True)
class Rows:
    """The rows of one entity type and what they are made of, by split."""

    rows: dict[str, list[dict]]
    counts: dict[str, dict[str, int]]


def prepare(
    *,
    source: Mapping[str, str | int | None],
    labeler: str,
    splits: Mapping[str, float],
    negatives: Mapping[str, float],
    seed: int,
    prompts: Mapping[str, Path | str],
    rows: Mapping[str, Mapping[str, Path | str]],
    reports: Mapping[str, Path | str],
    manifest: Path | str,
    pretraining: Mapping[str, str | int] | None = None,
) -> None:
    """Read reports, split them, cut them into sentences, draw negatives; write all files of the study's data.

    source: `format` "radgraph" with a file by split, or "synthetic" with a number of reports by split. A split without
    a file is taken out of the training file by `splits`, fractions that add up to 1. labeler: whose annotation is the
    gold standard where there are two. negatives: settings of `data.negatives.plan`, and
    `synthetic`, the share of made ones. prompts: file by entity type.
    rows: target by entity type and split. reports: target by split. pretraining: `text` and `seed` of what a synthetic
    base model reads; none for other models, of which it is not known.
    Everything is checked before the first file is written. Raises InputError for faulty input, a split without
    reports, a report that stands in two splits, or an entity type that the training split lacks.
    """
    instructions = {label: load_prompt(prompts[label]) for label in LABELS}
    given, sources = _read(source, labeler, seed)
    corpora, dropped = _split(given, splits, seed)
    leakage = check_reports({split: corpus.reports for split, corpus in corpora.items()})
    cuts = {split: [cut(report) for report in corpus.reports] for split, corpus in corpora.items()}
    sentences = {split: [found for piece in pieces for found in piece.sentences] for split, pieces in cuts.items()}
    rule = {name: value for name, value in negatives.items() if name != "synthetic"}
    wanted = plan(_positives(sentences["train"]), **rule)
    by_label = {
        label: make_rows(sentences, label, instructions[label], wanted[label], seed, negatives["synthetic"])
        for label in LABELS
    }

    written: dict[str, Path] = {}
    for label in LABELS:
        for split in SPLITS:
            written[f"{label}/{split}"] = Path(rows[label][split])
            write_jsonl(rows[label][split], by_label[label].rows[split])
    for split, corpus in corpora.items():
        written[f"reports/{split}"] = Path(reports[split])
        write_radgraph(reports[split], corpus, labeler)
    record = {
        "study": NAME,
        "seed": seed,
        "sources": [{**asdict(item), "sha256": dict(item.sha256)} for item in sources],
        "reports": {split: len(corpus.reports) for split, corpus in corpora.items()},
        "records": {split: len(found) for split, found in sentences.items()},
        "entities": {split: _entity_counts(corpora[split].reports) for split in SPLITS},
        "segmentation": {split: _segmentation(cuts[split]) for split in SPLITS},
        "negatives": {
            "formula": FORMULA,
            **negatives,
            "wanted": wanted,
            "made": "in the training split alone; validation and test hold every sentence of their reports",
        },
        "rows": {label: by_label[label].counts for label in LABELS},
        "repeated_sentences": repeated_sentences(sentences),
        "held_out": shared_material(corpora, by_label, pretraining) if source["format"] == "synthetic" else None,
        "readers": _readers(corpora, labeler),
        "dropped": summarise_drops(dropped),
        "leakage": leakage,
        "prompts": {label: sha256_of(prompts[label]) for label in LABELS},
        "files": {name: sha256_of(path) for name, path in written.items()},
    }
    write_json(manifest, record)
    logger.info("reports: %s; sentences: %s; negatives wanted: %s", record["reports"], record["records"], wanted)


def check_reports(splits: Mapping[str, Iterable[Report]]) -> dict:
    """Compare the texts and ids of reports over all splits; returns what was checked, for the manifest.

    Raises InputError naming both reports when a text or an id stands in two splits. Sentences are not
    compared here: radiologists write the same ones again and again, see `repeated_sentences`.
    """
    homes: dict[tuple[str, str], tuple[str, str]] = {}
    compared = Counter()
    for split, reports in splits.items():
        for report in reports:
            compared[split] += 1
            for what, key in (("text", normalise(report.text)), ("id", report.id)):
                first, other = homes.setdefault((what, key), (split, report.id))
                if first != split:
                    raise InputError(
                        f'radgraph: report "{report.id}" of the {split} split has the {what} of report "{other}" of the'
                        f" {first} split; remove one of them."
                    )
    return {"method": f"of reports: {TWIN_METHOD}", "compared": dict(compared), "twins": 0}


def repeated_sentences(sentences: Mapping[str, Sequence[Sentence]]) -> dict:
    """How many sentences of validation and test also stand in the training split, with entities and in all.

    They are counted and marked (`seen` in the rows), and stay: a standard sentence such as "No pneumothorax ." is
    written anew for each patient, and a test without them would not be what the model meets in practice.
    """
    known = {normalise(sentence.text) for sentence in sentences["train"]}

    def share(members: Sequence[Sentence]) -> dict:
        seen = sum(normalise(sentence.text) in known for sentence in members)
        return {
            "sentences": len(members),
            "also_in_train": seen,
            "share": round(seen / len(members), 4) if members else None,
        }

    return {
        split: {
            "all": share(sentences[split]),
            "with_entities": share([sentence for sentence in sentences[split] if sentence.entities]),
        }
        for split in SPLITS[1:]
    }


def shared_material(
    corpora: Mapping[str, Corpus], rows: Mapping[str, Rows], pretraining: Mapping[str, str | int] | None
) -> dict:
    """What synthetic reports of validation and test share with the training reports and rows (by entity type), and
    with the pre-training text of the base model: sentences, templates, pairs of terms (see
    `word_material.material`). Counted in the texts as they are, not declared; the sentences of sections that say
    nothing of the findings are among them.
    """
    terms = {entity.text for corpus in corpora.values() for report in corpus.reports for entity in report.entities}
    texts = {split: [report.text for report in corpus.reports] for split, corpus in corpora.items()}
    held_out = material([*texts["validation"], *texts["test"]], terms)
    held_out = {kind: found - HEADINGS for kind, found in held_out.items()}
    inputs = [row["input"] for of_label in rows.values() for row in of_label.rows["train"]]
    read = {
        "training split": material([*texts["train"], *inputs], terms),
        "pre-training text of the base model": None,
    }
    if pretraining is not None:
        documents = pretraining_documents(str(pretraining["text"]), int(pretraining["seed"]))
        read["pre-training text of the base model"] = material(documents, terms)
    return count_shared(held_out, read)


def make_rows(
    sentences: Mapping[str, Sequence[Sentence]],
    label: str,
    instruction: str,
    wanted: int,
    seed: int,
    synthetic: float = 0.0,
) -> Rows:
    """The rows of one entity type: all sentences in validation and test; in train those with an entity of the
    type, and `wanted` negatives.

    synthetic: share of the negatives that are made ones; the gold ones fill up where few can be made, and more are made
    where the gold ones run short. Raises InputError when no sentence of the training split has such an entity.
    """
    known = {normalise(sentence.text) for sentence in sentences["train"]}
    by_split: dict[str, list[dict]] = {}
    counts: dict[str, dict[str, int]] = {}
    for split in SPLITS:
        members = sentences[split]
        positive = [sentence for sentence in members if any(entity.label == label for entity in sentence.entities)]
        made: list[Made] = []
        gold = len(members) - len(positive)
        if split == "train":
            if not positive:
                raise InputError(f"radgraph: no sentence of the training split has an entity {label}; add reports.")
            held_out = [sentence.text for other in SPLITS[1:] for sentence in sentences[other]]
            negative = gold_negatives(members, label, wanted, seed)
            share = max(round(synthetic * wanted), wanted - len(negative))
            made = made_negatives(members, label, share, seed, avoid=held_out)
            negative = negative[: wanted - len(made)]
            gold = len(negative)
            members = [*positive, *negative]
        rows = [_row(sentence, label, instruction, normalise(sentence.text) in known) for sentence in members]
        rows += [_made_row(number, item, label, instruction) for number, item in enumerate(made, start=1)]
        if split == "train":
            random.Random(f"{seed}/{label}/order").shuffle(rows)
        by_split[split] = rows
        counts[split] = {
            "positives": len(positive),
            "gold_negatives": gold,
            "synthetic_negatives": len(made),
            **{f"synthetic_{method}": count for method, count in sorted(Counter(item.method for item in made).items())},
        }
    return Rows(by_split, counts)


def output_of(spans: Iterable[tuple[int, int, str]], label: str) -> str:
    """What a model should answer: compact JSON, a list of items in the order of the text.

    spans: (start, end, text), character offsets in the sentence, end exclusive.
    """
    items = [
        {"entity_type": label, "entity_value": text, "start_position": start, "end_position": end}
        for start, end, text in spans
    ]
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def _row(sentence: Sentence, label: str, instruction: str, seen: bool) -> dict:
    """One gold sentence. A span that was annotated twice with the same label counts once."""
    spans = sorted(
        {(entity.start_char, entity.end_char, entity.text) for entity in sentence.entities if entity.label == label}
    )
    return {
        "id": sentence.id,
        "report": sentence.report,
        "sentence_start": sentence.start,
        "instruction": instruction,
        "input": sentence.text,
        "output": output_of(spans, label),
        "entities": [list(span) for span in spans],
        "synthetic": False,
        "seen": seen,
    }


def _made_row(number: int, made: Made, label: str, instruction: str) -> dict:
    """One synthetic negative; `report` is where its words come from."""
    return {
        "id": f"synthetic/{label}/{number:04d}",
        "report": made.report,
        "sentence_start": None,
        "instruction": instruction,
        "input": made.text,
        "output": output_of((), label),
        "entities": [],
        "synthetic": True,
        "seen": True,
    }


def _read(
    source: Mapping[str, str | int | None], labeler: str, seed: int
) -> tuple[dict[str, Corpus], list[SourceDescription]]:
    """The reports as they are given, by split, and what is known of their files."""
    if source["format"] == "synthetic":
        parts = make_corpus({FILE_OF[split]: int(source[split] or 0) for split in SPLITS}, seed)
        made = {split: corpus_of(parts[FILE_OF[split]], f"made {FILE_OF[split]}", labeler) for split in SPLITS}
        return made, [_describe(source, split, None, corpus) for split, corpus in made.items()]
    files = {split: Path(str(source[split])) for split in SPLITS if source.get(split)}
    read = {split: read_radgraph(path, labeler) for split, path in files.items()}
    return read, [_describe(source, split, path, read[split]) for split, path in files.items()]


def _describe(source: Mapping, split: str, path: Path | None, corpus: Corpus) -> SourceDescription:
    """One file, or made part, for the manifest."""
    return SourceDescription(
        name=f"{NAME}/{split}",
        format=source["format"],
        path=str(path) if path else None,
        sha256=describe_files([path]) if path else {},
        licence=source.get("license") if path else "none: made by the workflow",
        records=len(corpus.reports),
    )


def _split(
    corpora: Mapping[str, Corpus], shares: Mapping[str, float], seed: int
) -> tuple[dict[str, Corpus], list[Dropped]]:
    """The splits as given; those that have no file are taken out of the training file.

    Reports of one patient stay together. A report that repeats another one's text is dropped from a file that
    is split here, since the two could fall into different splits.
    """
    missing = [split for split in SPLITS if split not in corpora]
    if "train" in missing:
        raise InputError("radgraph: no training file; set `train` under radgraph.data.source.")
    if not missing:
        return {split: corpora[split] for split in SPLITS}, []
    whole = corpora["train"]
    distinct: dict[str, Report] = {}
    for report in whole.reports:
        distinct.setdefault(normalise(report.text), report)
    kept = list(distinct.values())
    names = {report.id for report in kept}
    dropped = [Dropped(NAME, report.id, REPEATED) for report in whole.reports if report.id not in names]
    parts = ["train", *missing]
    total = sum(shares[split] for split in parts)
    drawn = stratified_split(
        kept,
        key_of=lambda report: report.id,
        label_of=lambda report: report.source or "",
        group_of=patient_of,
        shares={split: shares[split] / total for split in parts},
        seed=seed,
    )
    second = {report.id: report for report in whole.second}
    made = {
        split: Corpus(tuple(members), tuple(second[report.id] for report in members if report.id in second))
        for split, members in drawn.items()
    }
    return {split: made.get(split) or corpora[split] for split in SPLITS}, dropped


def patient_of(report: Report) -> str:
    """The patient that a MIMIC-CXR or CheXpert report id names (p18/p18004941/s50222121.txt), else the id."""
    found = _PATIENT.search(report.id)
    return found[1] if found else report.id


def _positives(sentences: Iterable[Sentence]) -> dict[str, int]:
    """Sentences with at least one entity, by type."""
    found = Counter(label for sentence in sentences for label in {entity.label for entity in sentence.entities})
    return {label: found[label] for label in LABELS}


def _entity_counts(reports: Iterable[Report]) -> dict[str, int]:
    found = Counter(entity.label for report in reports for entity in report.entities)
    return {label: found[label] for label in LABELS}


def _segmentation(cuts: Sequence[Cut]) -> dict[str, int]:
    """Sentences, what is not one, and boundaries given up for an entity across them."""
    return {
        "sentences": sum(len(piece.sentences) for piece in cuts),
        "headings": sum(piece.headings for piece in cuts),
        "list_numbers": sum(piece.numbers for piece in cuts),
        "entities_outside_sentences": sum(len(piece.outside) for piece in cuts),
    }


def _readers(splits: Mapping[str, Corpus], labeler: str) -> dict:
    """Whose annotation counts, and how far the other reader agrees: F1 of sets of (first token, last token, label)."""
    return {
        "gold": labeler,
        "method": "F1 of the sets of (first token, last token, label) of both readers, interval over reports",
        "agreement": {
            split: {
                name: f1(agreement_counts(corpus, label), "reports").as_dict()
                for name, label in (("all", None), *((label, label) for label in LABELS))
            }
            for split, corpus in splits.items()
            if corpus.second
        },
    }
