"""Studies of the user's own in the merged configuration: what they take from `study_defaults`."""

from typing import Any

from medtune.config_layers import Layer, merge

TAKEN_OVER = ("model", "training", "generation")


def resolved(raw: dict[str, Any]) -> dict[str, Any]:
    """The raw configuration with complete sections of the user's own studies."""
    studies, defaults = raw.get("studies"), raw.get("study_defaults")
    if not isinstance(studies, dict) or not isinstance(defaults, dict):
        return raw
    under = Layer("study_defaults", {key: defaults[key] for key in TAKEN_OVER if key in defaults})
    complete = {
        name: merge([under, Layer(name, section)]) if isinstance(section, dict) else section
        for name, section in studies.items()
    }
    return {**raw, "studies": complete}
