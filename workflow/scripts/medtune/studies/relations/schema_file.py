"""A relation schema as a JSON file: `{"entities": [...], "relations": [{"name", "pairs", "symmetric"}]}`."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from medtune.data.relation_schema import RelationSchema, RelationType
from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.studies.relations.typed_file import validated

Name = Annotated[str, Field(min_length=1)]


class _Relation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    pairs: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]
    symmetric: bool = False


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    entities: list[Name]
    relations: list[_Relation]


def write_schema(path: Path | str, schema: RelationSchema) -> None:
    """Write a schema, atomically; its pairs by the alphabet."""
    relations = [
        {
            "name": relation.name,
            "pairs": [list(pair) for pair in sorted(relation.pairs)],
            "symmetric": relation.symmetric,
        }
        for relation in schema.relations
    ]
    write_json(path, {"entities": list(schema.entities), "relations": relations})


def read_schema(path: Path | str) -> RelationSchema:
    """The schema of a file.

    Raises InputError when it is missing or of another form, when a type occurs twice, and when a relation joins an
    entity type that the schema does not name.
    """
    content = validated(_Schema, read_json(path), path, "a schema of entities and relations")
    for kind, names in (("entity", content.entities), ("relation", [relation.name for relation in content.relations])):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f'{path}: the {kind} type "{twice}" occurs twice; each is to be named once')
    for relation in content.relations:
        stranger = next((name for pair in relation.pairs for name in pair if name not in content.entities), None)
        if stranger is not None:
            raise InputError(
                f'{path}: the relation "{relation.name}" joins "{stranger}", which is none of the entity types '
                f"{', '.join(content.entities)}"
            )
    return RelationSchema(
        tuple(content.entities),
        tuple(
            RelationType(relation.name, frozenset((head, tail) for head, tail in relation.pairs), relation.symmetric)
            for relation in content.relations
        ),
    )
