"""Settings of the method `rules`, by kind: what is learnt without a language model."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from medtune.config.section import Section

TypeName = Annotated[str, Field(min_length=1)]


class LabelRules(Section):
    """Rules for labels."""

    rule: Literal["majority", "tfidf"] = Field(
        "tfidf",
        description="majority: the most frequent label of training. tfidf: logistic regression on TF-IDF of words and "
        "pairs of words, its strength of regularisation chosen by cross-validation within the training split.",
    )


class Assertion(Section):
    """What becomes of an entity type by the cues around a mention."""

    negated: TypeName | None = Field(
        None, description="Entity type of a negated mention; null: it makes no difference."
    )
    uncertain: TypeName | None = Field(
        None, description="Entity type of an uncertain mention; null: it makes no difference."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Assertion":
        if self.negated is None and self.uncertain is None:
            raise ValueError("must name the entity type of negated mentions, of uncertain ones, or both")
        return self


class SpanRules(Section):
    """Rules for spans: a dictionary of the training mentions."""

    assertions: dict[TypeName, Assertion] = Field(
        {},
        description="Entity types that are assertions: by the type of an asserted mention, those of a negated and of "
        "an uncertain one, told by medspaCy's ConText. Needs the environment envs/context.yaml.",
    )

    @model_validator(mode="after")
    def _told_apart(self) -> "SpanRules":
        names = [
            name
            for asserted, other in self.assertions.items()
            for name in (asserted, other.negated, other.uncertain)
            if name
        ]
        if len(set(names)) < len(names):
            raise ValueError("must not name an entity type twice")
        return self


class RelationRules(Section):
    """Rules for relations: the dictionary, then the most frequent relation of two types."""

    within: Literal["sentence", "distance"] = Field(
        "distance",
        description="Which entities may be related: those of one sentence, or those within a distance in characters, "
        "learnt from training for each pair of types.",
    )


class AnswerRules(Section):
    """Rules for answers: that of the nearest training question. No settings."""
