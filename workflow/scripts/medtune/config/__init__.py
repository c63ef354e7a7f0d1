"""Sections of the configuration that studies share, and of base models."""

from medtune.config.base_models import HubModel, MadeModel, ModelSource, PackageModel, PathModel
from medtune.config.section import NAME, Count, Fraction, License, PathText, Section, Seed, Share, distinct
from medtune.config.settings import (
    ALL_LINEAR,
    RECIPES,
    FineTuning,
    GeneralGuard,
    Generation,
    Guard,
    Lora,
    NewTexts,
    Splits,
    TaggerTraining,
    Tagging,
    Tracking,
    Training,
)

__all__ = [
    "ALL_LINEAR",
    "NAME",
    "RECIPES",
    "Count",
    "FineTuning",
    "Fraction",
    "GeneralGuard",
    "Generation",
    "Guard",
    "HubModel",
    "License",
    "Lora",
    "MadeModel",
    "ModelSource",
    "NewTexts",
    "PackageModel",
    "PathModel",
    "PathText",
    "Section",
    "Seed",
    "Share",
    "Splits",
    "TaggerTraining",
    "Tagging",
    "Tracking",
    "Training",
    "distinct",
]
