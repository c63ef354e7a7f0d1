"""Configurations for tests of what rules compute, and wildcards."""

from pathlib import Path
from types import SimpleNamespace

import yaml

from medtune.config.layers import Layer, merge
from medtune.config_check import load_config
from medtune.configuration import Config

CONFIG = Path(__file__).parents[2] / "config"
LAYERS = {name: yaml.safe_load((CONFIG / f"{name}.yaml").read_text()) for name in ("config", "tiny")}


def paper(**sections) -> Config:
    """The configuration of paper scale with some sections changed."""
    return load_config(merge([Layer("config", LAYERS["config"]), Layer("mine", sections)]))


def tiny(**sections) -> Config:
    """The same of tiny scale."""
    return load_config(merge([*(Layer(name, content) for name, content in LAYERS.items()), Layer("mine", sections)]))


def wildcards(**values: str) -> SimpleNamespace:
    """Wildcards of a job."""
    return SimpleNamespace(**values)
