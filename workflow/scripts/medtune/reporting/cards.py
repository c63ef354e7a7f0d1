"""The model card of an adapter or a tagger: README.md in its folder, in the form that the Hugging Face hub reads."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, ClassVar

import yaml

from medtune.errors import InputError
from medtune.reporting.forgetting_text import forgetting_section
from medtune.reporting.tables import escape_markdown, estimate_text, template

RECORD_KEYS = (
    "rows",
    "trainable_parameters",
    "steps",
    "best_step",
    "train_seconds",
    "peak_memory_mb",
    "useful_token_share",
    "tokens_per_second",
    "settings",
    "versions",
    "hardware",
    "chosen_by",
    "judged_examples",
    "history",
)


@dataclass(frozen=True)
class Headline:
    """A figure that the card shows. key: in a split of metrics.json, with dots where it is nested. share: shown as a
    percentage."""

    key: str
    name: str
    share: bool = True


@dataclass(frozen=True, kw_only=True)
class Card(ABC):
    """What a study says of its models. All texts are Markdown.

    items: what the figures' n counts. published: figures of the study as published, to stand beside the measured ones;
    empty for none. Of the kind of model: library, pipeline and kind_tags are the hub's names.
    """

    library: ClassVar[str]
    pipeline: ClassVar[str]
    kind_tags: ClassVar[tuple[str, ...]] = ()

    title: str
    summary: str
    headlines: Sequence[Headline]
    limits: Sequence[str]
    tags: Sequence[str]
    items: str = "items"
    held_out: str = "test split"
    published: str = ""

    @abstractmethod
    def snippet(self, base_folder: Path | str, model_folder: Path | str) -> str:
        """Python that loads the model and shows what it does; runs as it is, without a GPU."""

    def with_limits(self, limits: Sequence[str]) -> "Card":
        """The card with further limits at the end of its list."""
        return replace(self, limits=[*self.limits, *limits])


@dataclass(frozen=True, kw_only=True)
class StudyCard(Card):
    """The card of an adapter. prompt: what the snippet's model reads. max_new_tokens: the most that it answers."""

    library = "peft"
    pipeline = "text-generation"
    kind_tags = ("lora",)

    prompt: str
    max_new_tokens: int = 64

    def snippet(self, base_folder: Path | str, model_folder: Path | str) -> str:
        """Loads base and adapter and answers the prompt."""
        return "\n".join(
            [
                "from peft import PeftModel",
                "from transformers import AutoModelForCausalLM, AutoTokenizer",
                "",
                f"base = {_literal(base_folder)}",
                f"adapter = {_literal(model_folder)}",
                f"prompt = {_literal(self.prompt)}",
                "",
                "tokenizer = AutoTokenizer.from_pretrained(adapter)",
                'model = AutoModelForCausalLM.from_pretrained(base, dtype="auto")',
                "model = PeftModel.from_pretrained(model, adapter).eval()",
                "",
                'inputs = tokenizer(prompt, return_tensors="pt")',
                f"output = model.generate(**inputs, max_new_tokens={self.max_new_tokens}, do_sample=False)",
                'answer = output[0, inputs["input_ids"].shape[1] :]',
                "print(tokenizer.decode(answer, skip_special_tokens=True))",
            ]
        )


@dataclass(frozen=True, kw_only=True)
class TaggerCard(Card):
    """The card of a tagger, a whole model whose folder holds `tag.py`. text: what the snippet's model tags."""

    library = "transformers"
    pipeline = "token-classification"

    text: str

    def snippet(self, base_folder: Path | str, model_folder: Path | str) -> str:
        """Loads the tagger, which needs no base, and prints the entities of the text."""
        return "\n".join(
            [
                "import sys",
                "",
                f"model = {_literal(model_folder)}",
                f"text = {_literal(self.text)}",
                "",
                "sys.path.insert(0, model)",
                "from tag import Tagger",
                "",
                "for found in Tagger.load(model).entities([text])[0]:",
                "    words = text[found.start : found.end]",
                "    print(found.label, repr(words), round(found.confidence, 2))",
            ]
        )


def render_card(
    study: Card,
    base_folder: Path | str,
    model_folder: Path | str,
    base: Mapping[str, Any],
    manifest: Mapping[str, Any],
    record: Mapping[str, Any],
    metrics: Mapping[str, Any],
    others: Mapping[str, Mapping[str, Any]] | None = None,
    guard: Mapping[str, Any] | None = None,
) -> str:
    """The card as text: deterministic for the same records. Texts from records are escaped.

    base: the base model's record.  record: training.json.  metrics: metrics.json.  others: metrics.json of models that
    are shown beside, by name. guard: guard.json, where it was measured. base_folder, model_folder: as the snippet
    prints them.
    Raises InputError when a record lacks something.
    """
    missing = [key for key in RECORD_KEYS if key not in record]
    if missing:
        raise InputError(f"training record of {model_folder}: has no {', '.join(missing)}; train again")
    shown = [metrics["splits"]["test"], *(found["splits"]["test"] for found in (others or {}).values())]
    return template("card.md.j2", html=False).render(
        study=study,
        front_matter=_front_matter(study, base),
        base=_text_pairs(base),
        sources=[
            {
                "name": escape_markdown(source["name"]),
                "format": escape_markdown(source["format"]),
                "licence": escape_markdown(source.get("licence") or "not known"),
                "records": source["records"],
            }
            for source in manifest["sources"]
        ],
        records=_text_pairs(manifest["records"]),
        data_seed=manifest["seed"],
        dropped=sum(item["count"] for item in manifest["dropped"]),
        files=_text_pairs(manifest["files"]),
        settings=_text_pairs(record["settings"]),
        seed=record.get("seed"),
        record=record,
        choice=_choice(record),
        hardware=", ".join(f"{name} {value}" for name, value in _text_pairs(record["hardware"])),
        versions=", ".join(f"{name} {value}" for name, value in _text_pairs(record["versions"])),
        figures=[
            (line.name, [estimate_text(reduce(getitem, line.key.split("."), test), line.share) for test in shown])
            for line in study.headlines
        ],
        columns=["value"] if not others else ["adapter", *others],
        forgetting=forgetting_section(guard) if guard else "",
        snippet=study.snippet(base_folder, model_folder),
    )


def _literal(value: Path | str) -> str:
    """A Python string literal in double quotes; JSON's are a part of Python's."""
    return json.dumps(str(value), ensure_ascii=False)


def _choice(record: Mapping[str, Any]) -> str:
    """What the checkpoint was chosen by, and that figure, which is the best of several and so no estimate."""
    name, by_loss = record["chosen_by"], record["chosen_by"] == "validation_loss"
    found = {entry["step"]: entry[name] for entry in record["history"] if entry.get(name) is not None}
    best = found.get(record["best_step"])
    words = f"{'lowest' if by_loss else 'highest'} {escape_markdown(name.replace('_', ' '))}"
    if best is None:
        return f"The checkpoint was to be chosen by the {words}; there is one of the last step alone."
    judged = "" if by_loss else f" on {record['judged_examples']} validation examples"
    return (
        f"The checkpoint of step {record['best_step']} was chosen by the {words}{judged}: {best:.3f}, the best of "
        f"{len(found)} evaluation{'s' if len(found) > 1 else ''}, and so no estimate of what the model reaches."
    )


def _front_matter(study: Card, base: Mapping[str, Any]) -> str:
    """The hub's metadata (YAML); it spells `license`."""
    fields = {
        "library_name": study.library,
        "pipeline_tag": study.pipeline,
        "base_model": base.get("repository") or base["name"],
        "license": base.get("licence") or "unknown",
        "tags": [*study.kind_tags, *study.tags],
    }
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True).strip()


def _text_pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values, nested mappings flattened with dots, escaped for Markdown."""
    return [(escape_markdown(name), escape_markdown(value)) for name, value in _flat(values)]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{key}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{key}", "none" if value is None else value
