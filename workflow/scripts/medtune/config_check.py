"""From the raw configuration to a typed one, or to one message that lists everything wrong with it."""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from medtune.config.layers import Layer
from medtune.configuration import Config
from medtune.errors import InputError
from medtune.kinds.method_sections import Trained
from medtune.studies.own_files import resolved
from medtune.studies.own_params import source_of

BERTSCORE = ("metrics", "bertscore", "model")
ENCODER = ("encoder", "model")
CONSTRAINED = ("generation", "constrained")
FORMED = ("labels", "relations", "spans")
"""The study, and the kinds of studies of the user's own, whose answers have a form that generation can be held to."""
BOUNDS = {
    "greater_than": ("gt", "must be more than {}"),
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be {} or less"),
    "too_short": ("min_length", "needs {} entries or more"),
    "string_too_short": ("min_length", "needs {} characters or more"),
    "string_pattern_mismatch": ("pattern", "must match {}"),
}
TYPES = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be text",
    "list": "must be a list",
    "dict": "must be a mapping",
    "model": "must be a mapping",
}


def load_config(raw: dict, layers: Sequence[Layer] = ()) -> Config:
    """The typed configuration, see `checked`."""
    return checked(raw, layers)[1]


def checked(raw: dict, layers: Sequence[Layer] = ()) -> tuple[dict, Config]:
    """A raw configuration in which studies of the user's own are complete (`resolved`), and the same typed.

    raw: the merged dictionary. layers: what it was merged from, later ones over earlier ones; an error names the last
    that sets the faulty key.
    Raises InputError listing all problems, each with its path, the value and what is allowed.
    """
    problems = []
    raw = resolved(raw)
    try:
        config = Config.model_validate(raw)
        problems = _unknown_runs(config) + _unknown_guards(config)
    except ValidationError as error:
        problems = _joined(_problem(raw, item) for item in error.errors())
    problems += _unknown_models(raw) + _without_form(raw)
    if problems:
        raise InputError(_message(problems, layers))
    return raw, config


def _problem(raw: dict, error: dict) -> tuple[tuple, str]:
    """(path, sentence) of one of pydantic's errors."""
    kind, context = error["type"], error.get("ctx", {})
    path, found, value = _locate(raw, error["loc"])
    if error["loc"][-1] == "[key]":  # pydantic's name for a name
        above = [key for key in path if key != "[key]"][:-1]
        return tuple(above), f": the name {error['input']} must be text; put it in quotes"
    if kind == "extra_forbidden":
        return path, "unknown key" + _did_you_mean_key(str(path[-1]), _models_at(path[:-1], raw))
    if kind == "missing":
        return path, "missing; it is needed"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        key = context["discriminator"].strip("'")
        allowed = [tag.strip(" '") for tag in context.get("expected_tags", "").split(",") if tag]
        path, value, found = (*path, key), value.get(key) if isinstance(value, dict) else None, True
        if kind == "union_tag_not_found":
            return path, "missing; it is needed"
        return path, _with_value(value, found, _one_of(value, allowed))
    if kind == "literal_error":
        return path, _with_value(value, found, _one_of(value, [part.strip("' ") for part in _quoted(context)]))
    if kind in BOUNDS:
        key, sentence = BOUNDS[kind]
        bound = context.get(key)
        return path, _with_value(value, found, sentence.format(bound))
    if kind == "value_error":
        return path, _with_value(value, found and not isinstance(value, (dict, list)), str(context["error"]))
    for prefix, sentence in TYPES.items():
        if kind.startswith(prefix):
            # YAML reads 1 as a number, and yes and no as true and false.
            quotes = "; put it in quotes" if prefix == "string" and isinstance(value, bool | int | float) else ""
            return path, _with_value(value, found, sentence + quotes)
    return path, _with_value(value, found, error["msg"])


def _joined(problems: Iterable[tuple[tuple, str]]) -> list[tuple[tuple, str]]:
    """One entry a path: the alternatives of a union are joined by "or"."""
    sentences: dict[tuple, list[str]] = {}
    for path, sentence in problems:
        sentences.setdefault(path, []).append(sentence)
    return [
        (path, " or ".join([parts[0], *(p.split(": ", 1)[-1] for p in parts[1:])])) for path, parts in sentences.items()
    ]


def _quoted(context: dict) -> list[str]:
    """The alternatives in pydantic's "'a', 'b' or 'c'"."""
    return context["expected"].replace(" or ", ", ").split(", ")


def _locate(raw: Any, location: Sequence[str | int]) -> tuple[tuple, bool, Any]:
    """(path, whether it is there, value). The tags that pydantic adds for unions are left out."""
    path: list[str | int] = []
    value, tagged = raw, False
    for position, key in enumerate(location):
        # A kind may be named as a key of its section is.
        if not tagged and isinstance(value, dict) and key in (value.get("kind"), value.get("method")):
            tagged = True
            continue
        present = (isinstance(value, dict) and key in value) or (
            isinstance(value, list) and isinstance(key, int) and key < len(value)
        )
        if present:
            value = value[key]
            path.append(key)
        elif position == len(location) - 1 and ((tagged and location[-2] == key) or not _is_tag(value, key)):
            return (*path, key), False, None
    return tuple(path), True, value


def _is_tag(value: Any, key: str | int) -> bool:
    """Whether a key of pydantic's location is the tag of a union, not a key of the configuration."""
    return not isinstance(value, dict) or key in value.values() or key in ("str", "list[str]")


def _models_at(path: Iterable, raw: Any) -> list[type[BaseModel]]:
    """The models that may describe what stands at a path; several where a union has no valid tag."""
    candidates: list[type[BaseModel]] = [Config]
    for key in path:
        raw = raw[key]
        annotations = [c.model_fields[key].annotation if key in c.model_fields else None for c in candidates]
        inner = [m for a in annotations for m in models_in(a)]
        # A key of a dict[str, Model] or an index of a list[Model] leads into the same models.
        candidates = inner or candidates
    tagged = [m for m in candidates if any(raw.get(n) in get_args(f.annotation) for n, f in m.model_fields.items())]
    return tagged or candidates


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """All pydantic models inside a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _unknown_models(raw: dict) -> list[tuple[tuple, str]]:
    """Studies that name a base model which `models` does not have."""
    models = raw.get("models")
    if not isinstance(models, dict):
        return []
    problems = []
    for study, section in _sections(raw):
        named = {("model",): section.get("model")}
        encoders = section.get("encoders")
        named |= {("encoders", i): name for i, name in enumerate(encoders if isinstance(encoders, list) else [])}
        named[BERTSCORE] = _at(section, BERTSCORE)
        named[ENCODER] = _at(section, ENCODER)
        methods = section.get("methods")
        for name, method in methods.items() if isinstance(methods, dict) else ():
            named["methods", name, "model"] = _at(method, ("model",))
        for path, name in named.items():
            if isinstance(name, str) and name not in models:
                problems.append(((*study, *path), _with_value(name, True, _one_of(name, list(models)))))
    return problems


def _unknown_runs(config: Config) -> list[tuple[tuple, str]]:
    """Methods `trained` that name a run which the study that the data are of does not have."""
    problems = []
    for study, section in config.studies.items():
        for name, method in section.methods.items():
            if not isinstance(method, Trained):
                continue
            runs = source_of(config, study).answered_runs(section.kind)
            if not runs:
                sentence = f'the study "{section.data.study}" has no run that answers as kind {section.kind} does'
                problems.append((("studies", study, "methods", name), sentence))
            elif method.run is not None and method.run not in runs:
                path = ("studies", study, "methods", name, "run")
                problems.append((path, _with_value(method.run, True, _one_of(method.run, runs))))
    return problems


def _unknown_guards(config: Config) -> list[tuple[tuple, str]]:
    """Studies that are to guard an adapter, and are none of the user's own, or are the adapter's own."""
    problems = []
    for study, section in config.studies.items():
        others = [name for name in config.studies if name != study]
        for place, name in enumerate(section.guard.studies if section.guard else ()):
            if name not in others:
                wanted = _one_of(name, others) if others else "there is no other study under `studies`"
                problems.append((("studies", study, "guard", "studies", place), _with_value(name, True, wanted)))
    return problems


def _without_form(raw: dict) -> list[tuple[tuple, str]]:
    """Studies that are to hold answers to a form, and have none."""
    return [
        (
            (*study, *CONSTRAINED),
            " = true: answers have such a form in the study relations, and in your own of kind labels, spans or"
            " relations",
        )
        for study, section in _sections(raw)
        if study[-1] not in FORMED and section.get("kind") not in FORMED and _at(section, CONSTRAINED) is True
    ]


def _sections(raw: dict) -> Iterable[tuple[tuple[str, ...], dict]]:
    """(path, section) of the studies, and of others that are like them."""
    own = raw.get("studies")
    found = [((name,), section) for name, section in raw.items() if name not in ("models", "studies")]
    found += [(("studies", name), section) for name, section in (own.items() if isinstance(own, dict) else ())]
    return [(path, section) for path, section in found if isinstance(section, dict)]


def _at(value: Any, path: Iterable[str]) -> Any:
    """What stands at a path of keys; None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _one_of(value: Any, allowed: list[str]) -> str:
    return "must be one of " + ", ".join(allowed) + _did_you_mean(str(value), allowed)


def _did_you_mean(word: str, allowed: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(allowed), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _did_you_mean_key(word: str, models: list[type[BaseModel]]) -> str:
    """Look among the keys allowed here first, then one level further down."""
    inner = {name: key for model in models for name, key in _inner_keys(model)}
    here = _did_you_mean(word, [name for model in models for name in model.model_fields])
    close = difflib.get_close_matches(word, list(inner), n=1)
    return here or (f'; did you mean "{inner[close[0]]}"?' if close else "")


def _inner_keys(model: type[BaseModel]) -> Iterable[tuple[str, str]]:
    """(name, dotted key) of the fields of a model's sections."""
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for name in field.annotation.model_fields:
                yield name, f"{key}.{name}"


def _with_value(value: Any, found: bool, sentence: str) -> str:
    if not found:
        return f": {sentence}"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return f" = {shown if len(shown) <= 60 else shown[:57] + '...'}: {sentence}"


def _message(problems: list[tuple[tuple, str]], layers: Sequence[Layer]) -> str:
    """Headed by the layers, one line a problem."""
    heading = " + ".join(layer.name for layer in layers) or "configuration"
    lines = [f"{heading}: {len(problems)} problem{'s' if len(problems) > 1 else ''}"]
    for path, sentence in problems:
        origin = next((layer.name for layer in reversed(layers) if _sets(layer.content, path)), "")
        where = f" [{origin}]" if origin and len(layers) > 1 else ""
        separator = "" if sentence.startswith((" =", ":")) else ": "
        lines.append(f"  {dotted(path)}{separator}{sentence}{where}")
    return "\n".join(lines)


def _sets(content: Any, path: Iterable) -> bool:
    for key in path:
        if not (isinstance(content, dict) and key in content) and not (
            isinstance(content, list) and isinstance(key, int) and key < len(content)
        ):
            return False
        content = content[key]
    return True


def dotted(path: Iterable[str | int]) -> str:
    """A path as the user writes it: `yesno.ranks[2]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f"{'.' if text else ''}{key}"
    return text
