"""The card of a merged model: README.md in its folder. What the adapter's card says is not said again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from medtune.reporting.tables import escape_markdown, markdown_table, template

QUANTISED = {"int8": "LLM.int8()", "nf4": "4-bit NF4"}


def merged_card(
    folder: Path, base_folder: Path, adapter: Path, base: Mapping[str, Any], quantization: str, check: Any
) -> str:
    """The card as text. base: the base model's record. quantization: of the base while the adapter was trained.
    check: a `medtune.methods.adapter.merging.Check`. The folders are printed as they are given."""
    front_matter = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "base_model": base.get("repository") or base["name"],
        "license": base.get("licence") or "unknown",
    }
    rows = [
        (
            name,
            f"{found.mean_abs:.3g}",
            f"{found.max_abs:.3g}",
            f"{round(found.top1_agreement * check.tokens)} of {check.tokens} tokens",
        )
        for name, found in (("this model", check.rounding), ("base without the adapter", check.adapter))
    ]
    return template("merged_card.md.j2", html=False).render(
        front_matter=yaml.safe_dump(front_matter, sort_keys=False, allow_unicode=True).strip(),
        folder=json.dumps(str(folder), ensure_ascii=False),
        base_name=escape_markdown(base["name"]),
        base_folder=base_folder,
        adapter=adapter,
        quantised=QUANTISED.get(quantization),
        check=check,
        differences=markdown_table(rows, ("model", "mean difference", "largest difference", "same first choice")),
    )
