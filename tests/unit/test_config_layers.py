import codecs
import json
import re
from functools import reduce
from pathlib import Path

import pytest
import yaml

from medtune.config.layers import Layer, merge, module_layers, read_layers
from medtune.config_check import load_config
from medtune.errors import InputError
from medtune.settings_files import read_settings

CONFIG = Path(__file__).parents[2] / "config"
OWN = (CONFIG / "config.yaml", CONFIG / "tiny.yaml")


def configured(*arguments: str):
    """The tiny configuration with values of the command line."""
    layers = read_layers(OWN, [], arguments)
    return load_config(merge(layers), layers)


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as caught:
        configured(*arguments)
    return str(caught.value)


def written(tmp_path: Path, content: str | bytes, name: str = "mine.yaml") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_nested_values_on_the_command_line_mean_what_yaml_says():
    source = "{format: radgraph, train: a.json, validation: null, test: null}"
    config = configured(f"radgraph={{data: {{source: {source}}}, merge: true, training: {{max_steps: null}}}}")
    assert config.radgraph.data.source.validation is None
    assert config.radgraph.merge is True
    assert config.radgraph.training.max_steps is None
    assert config.radgraph.training.epochs == 10, "other keys stay"


@pytest.mark.parametrize(
    ("argument", "content"),
    [
        ("a={b: null, c: 'null', d: true, e: 3, f: 0.5}", {"b": None, "c": "null", "d": True, "e": 3, "f": 0.5}),
        ("a={'b': None, 'd': True}", {"b": None, "d": True}),
        ('a={"b": null, "d": true}', {"b": None, "d": True}),
        ("a=[1, two]", [1, "two"]),
        ("a=", None),
        ("a=1", 1),
        ("a=@b", "@b"),
    ],
)
def test_a_value_of_the_command_line(argument, content):
    assert merge(read_layers([], [], [argument])) == {"a": content}


def test_several_values_of_the_command_line_for_one_study():
    assert merge(read_layers([], [], ["a={b: 1}", "a={c: 2}"])) == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("study", "source"),
    [
        ("maccrobat", {"format": "brat", "path": "DIR"}),
        ("meerkat", {"format": "files", "path": "DIR"}),
        ("radgraph", {"format": "radgraph", "train": "FILE"}),
        ("relations", {"format": "brat", "train": "DIR"}),
    ],
)
def test_a_source_of_another_format_takes_over_nothing(study, source):
    found = getattr(configured(f"{study}={json.dumps({'data': {'source': source}})}"), study).data.source
    assert found.model_dump(exclude_defaults=True) == source


def test_a_model_from_another_source_takes_over_nothing():
    assert configured("models={tiny-bert: {source: path, path: DIR}}").models["tiny-bert"].path == "DIR"


def test_a_source_of_the_same_format_keeps_what_is_not_said():
    source = configured("relations={data: {source: {format: synthetic, train: 9}}}").relations.data.source
    assert (source.train, source.terms) == (9, 8)


def test_a_faulty_key_is_said_to_come_from_where_the_user_wrote_it(tmp_path):
    assert refused("maccrobat={data: {source: {format: brat, path: DIR, documents: 3}}}").splitlines()[1] == (
        "  maccrobat.data.source.documents: unknown key [--config]"
    )
    mine = written(tmp_path, "yesno: {training: {epochs: 0}}")
    layers = read_layers(OWN, [mine], ["seed=7"])
    with pytest.raises(InputError) as caught:
        load_config(merge(layers), layers)
    assert str(caught.value).splitlines()[1] == f"  yesno.training.epochs = 0: must be more than 0.0 [{mine}]"


def test_later_layers_go_over_earlier_ones():
    assert merge([Layer("a", {"x": {"y": 1, "z": 2}}), Layer("b", {"x": {"y": None}})]) == {"x": {"y": None, "z": 2}}
    assert merge([Layer("a", {"x": {"y": 1}}), Layer("b", {"x": None}), Layer("c", {"x": {"z": 2}})]) == {"x": {"z": 2}}


@pytest.mark.parametrize("content", ["seed: 3\n", '{"seed": 3}', '{\n\t"seed": 3\n}'])
def test_a_byte_order_mark_is_no_part_of_a_key(tmp_path, content):
    assert read_settings(written(tmp_path, codecs.BOM_UTF8 + content.encode())) == {"seed": 3}


def test_settings_in_another_encoding(tmp_path):
    with pytest.raises(InputError, match=r"mine\.yaml: not UTF-8 .*save it as UTF-8"):
        read_settings(written(tmp_path, "seed: 3\n".encode("utf-16")))


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("seed: 3\nyesno:\n  ranks: [4]\n  ranks: [8]\n", r"mine\.yaml, line 4"),
        (json.dumps({"yesno": {"ranks": [4]}})[:-2] + ', "ranks": [8]}}', r"mine\.yaml"),
    ],
)
def test_a_key_that_is_there_twice(tmp_path, content, where):
    with pytest.raises(InputError, match=where + ': the key "ranks" is there twice; keep one$'):
        read_settings(written(tmp_path, content))


def test_an_anchor_that_is_merged_in_is_no_key_twice(tmp_path):
    content = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n"
    assert read_settings(written(tmp_path, content))["b"] == {"x": 1, "y": 3}


def test_settings_that_are_no_mapping_or_broken(tmp_path):
    with pytest.raises(InputError, match=r"mine\.yaml: expected keys with values, found list"):
        read_settings(written(tmp_path, "- seed\n"))
    with pytest.raises(InputError, match=r"mine\.yaml, line 2: not valid YAML"):
        read_settings(written(tmp_path, "seed: [3\nyesno: x"))
    assert read_settings(written(tmp_path, "# nothing yet\n")) == {}


def test_a_file_of_a_users_goes_over_the_scale(corpora):
    mine = corpora.parent / "cases" / "01_configfile_over_profile" / "mine.yaml"
    layers = read_layers(OWN, [mine], ["seed=7"])
    config = load_config(merge(layers), layers)
    assert (config.scale, config.yesno.ranks, config.seed) == ("tiny", [4], 7)
    assert config.yesno.model == "tiny-qwen3"


SETTINGS = re.findall(
    r"`((?:yesno|radgraph|maccrobat|meerkat|relations|tracking)(?:\.(?!csv|json|html)\w+)*)(?:: ([^`]+))?`",
    (CONFIG.parent / "README.md").read_text(encoding="utf-8"),
)
"""Keys that README names in running text, and what it sets them to."""


@pytest.mark.parametrize(("key", "value"), sorted(set(SETTINGS)))
def test_a_setting_that_readme_prints_is_accepted(key, value):
    names = key.split(".")
    layers = read_layers(OWN[:1], [], [])
    if value:
        layers += [
            Layer("README.md", reduce(lambda inner, name: {name: inner}, reversed(names), yaml.safe_load(value)))
        ]
    reduce(getattr, names, load_config(merge(layers), layers))


def test_the_configuration_of_a_module_goes_over_the_files_of_the_workflow():
    mine = {"seed": 7, "yesno": {"ranks": [2]}}
    layers = module_layers(OWN, "medtune", mine)
    config = load_config(merge(layers), layers)
    assert (config.scale, config.seed, config.yesno.ranks) == ("tiny", 7, [2])
    with pytest.raises(InputError, match=r"yesno.ranks\[0\] = 0: must be 1 or more \[config of module medtune\]"):
        broken = module_layers(OWN, "medtune", {"yesno": {"ranks": [0]}})
        load_config(merge(broken), broken)
    assert mine == {"seed": 7, "yesno": {"ranks": [2]}}
