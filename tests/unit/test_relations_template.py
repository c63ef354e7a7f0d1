"""Prompts and answers of the relations study, in tokens of both kinds of tokenizers, and how answers are read."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.inert import inert
from medtune.kinds.relations.answer_form import answer_form
from medtune.kinds.relations.output import LISTS, extract, read_output
from medtune.models.made import train_tokenizer
from medtune.models.rendering import render_completion, render_prompt
from medtune.studies import get_task
from medtune.studies.relations.generator import make_splits
from medtune.studies.relations.pubtator import read_pubtator
from medtune.studies.relations.rows import gold_given, row_of, written_of
from medtune.studies.relations.schema_file import write_schema
from medtune.studies.relations.template import RelationsTask
from tests.conftest import ROOT
from tests.imports import check_no_torch

PROMPTS = ROOT / "config" / "prompts" / "relations_tiny"
JOINT = RelationsTask(PROMPTS)
TWO_STEPS = RelationsTask(PROMPTS, two_steps=True)
MADE = [made.document for made in make_splits({"train": 150}, 5)["train"]]
DOCUMENT = RelatedDocument(
    "7",
    "Aspirin caused\ngout.",
    (RelatedEntity(0, 7, "Drug", "Aspirin"), RelatedEntity(15, 19, "Disease", "gout")),
    (Relation("causes", 0, 1),),
)
ENTITIES = '"entities":[{"text":"Aspirin","type":"Drug"},{"text":"gout","type":"Disease"}]'
RELATIONS = '"relations":[{"head":"Aspirin","type":"causes","tail":"gout"}]'
WHOLE = f"{{{ENTITIES},{RELATIONS}}}"
REST = RELATIONS.removeprefix('"relations":') + "}"


def test_the_confidence_of_an_answer_is_that_of_its_values_and_of_where_items_begin_and_lists_end():
    chosen = [WHOLE[start:end] for start, end in JOINT.content(WHOLE)]
    entities = ["{", 'Aspirin"', 'Drug"', "{", 'gout"', 'Disease"', "]"]
    assert chosen == ["{", *entities, "{", 'Aspirin"', 'causes"', 'gout"', "]"]


def answers(documents):
    return [JOINT.completion(row_of(document)) for document in documents]


def made_tokenizer(texts, vocabulary, kind, longest=8):
    """byte_level: words and marks apart, as of GPT-2 and Llama 3. metaspace: merges across them, as of Mistral."""
    tokenizer = Tokenizer(models.BPE())
    if kind == "byte_level":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder, alphabet = decoders.ByteLevel(), pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        tokenizer.decoder, alphabet = decoders.Metaspace(prepend_scheme="first", split=False), []
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=alphabet,
        max_token_length=longest,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


TOKENIZERS = {
    "byte_level": made_tokenizer(answers(MADE) + [document.text for document in MADE], 700, "byte_level"),
    "metaspace": made_tokenizer(answers(MADE) + [document.text + "\n" for document in MADE], 700, "metaspace"),
    "nearly bytes": train_tokenizer([document.text for document in MADE], 300),
}


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]


def begun(document):
    return row_of(document, "joint", gold_given(document, "joint"))


def decoded(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


@pytest.fixture(scope="module")
def abstracts(corpora):
    return read_pubtator(corpora / "biored" / "Dev.PubTator").documents


def test_the_study_is_found_by_its_name():
    assert get_task("relations", prompts=PROMPTS).prompt(row_of(DOCUMENT)) == JOINT.prompt(row_of(DOCUMENT))
    assert get_task("meerkat").name == "meerkat"


def test_the_text_has_a_line_of_its_own_and_the_answer_starts_one():
    assert JOINT.prompt(row_of(DOCUMENT)) == (
        "List the entities and relations as JSON.\nText: Aspirin caused gout.\nAnswer:\n"
    )
    assert JOINT.completion(row_of(DOCUMENT)) == WHOLE


def test_in_two_steps_each_list_is_an_answer_and_the_second_prompt_tells_the_entities():
    first, second = row_of(DOCUMENT, "entities"), row_of(DOCUMENT, "relations", gold_given(DOCUMENT, "relations"))
    assert TWO_STEPS.prompt(first) == "List the entities as JSON.\nText: Aspirin caused gout.\nAnswer:\n"
    assert TWO_STEPS.completion(first) == f"{{{ENTITIES}}}"
    assert TWO_STEPS.prompt(second) == (
        "List the relations as JSON.\nText: Aspirin caused gout.\n"
        'Entities: [["Aspirin","Drug"],["gout","Disease"]]\nAnswer:\n'
    )
    assert TWO_STEPS.completion(second) == f"{{{RELATIONS}}}"


def test_a_joint_row_with_its_entities_has_its_answer_begun():
    assert JOINT.prompt(begun(DOCUMENT)) == JOINT.prompt(row_of(DOCUMENT)) + f'{{{ENTITIES},"relations":'
    assert JOINT.completion(begun(DOCUMENT)) == REST


@given(st.text(), st.text())
def test_no_text_and_no_entity_can_add_a_line(text, name):
    row = row_of(RelatedDocument("7", text), "relations", [[name, "Drug"]])
    lines = TWO_STEPS.prompt(row).splitlines()
    assert [line.split(":")[0] for line in lines] == ["List the relations as JSON.", "Text", "Entities", "Answer"]
    assert lines[1] == f"Text: {inert(text)}"


@pytest.mark.parametrize("row", [row_of(DOCUMENT, "entities"), row_of(DOCUMENT, "relations", [])])
def test_a_row_of_a_step_that_the_task_does_not_have_is_refused(row):
    with pytest.raises(ValueError, match="steps joint"):
        JOINT.prompt(row)
    with pytest.raises(ValueError, match="steps entities, relations"):
        TWO_STEPS.prompt(row_of(DOCUMENT))


def test_a_missing_instruction_is_told_by_its_file(tmp_path):
    (tmp_path / "joint.txt").write_text("List.")
    assert RelationsTask(tmp_path).prompt(row_of(DOCUMENT)).startswith("List.\n")
    with pytest.raises(InputError, match=r"entities\.txt: no such file"):
        RelationsTask(tmp_path, two_steps=True)


@pytest.mark.parametrize("folder", ["relations", "relations_tiny", "relations_biored"])
def test_each_folder_of_prompts_has_all_instructions(folder):
    for two_steps in (False, True):
        RelationsTask(ROOT / "config" / "prompts" / folder, two_steps)


@pytest.mark.parametrize("step", ["joint", "relations"])
def test_the_instructions_tell_all_types_of_the_study(step):
    told = (ROOT / "config" / "prompts" / "relations" / f"{step}.txt").read_text()
    assert all(f"\n{relation.name}: " in told for relation in STUDY_SCHEMA.relations)
    assert all(label in told for label in STUDY_SCHEMA.entities)


def check_whole_answers(documents):
    """All forms of gold answers are read as what they were written from."""
    for document in documents:
        written = written_of(document)
        assert JOINT.parse(JOINT.completion(row_of(document))).value == written
        rest = JOINT.parse(JOINT.completion(begun(document)))
        assert (rest.status, rest.value) == ("ok", {"entities": [], "relations": written["relations"]})
        for step, told in (("entities", None), ("relations", gold_given(document, "relations"))):
            parsed = TWO_STEPS.parse(TWO_STEPS.completion(row_of(document, step, told)))
            expected = {name: written[name] if name == step else [] for name in LISTS}
            assert (parsed.status, parsed.value) == ("ok", expected)


def test_gold_answers_to_made_documents_are_read_back():
    check_whole_answers(MADE)
    for document in MADE:
        found = extract(document.text, read_output(JOINT.completion(row_of(document))), STUDY_SCHEMA)
        assert [(e.start, e.end, e.label) for e in found.entities] == [
            (e.start, e.end, e.label) for e in document.entities
        ]
        assert found.relations == document.relations


def test_gold_answers_to_abstracts_are_read_back(abstracts):
    check_whole_answers(abstracts)


def check_begun_answers(tokenizer, documents):
    """Begun and rest are the tokens of the whole answer, and the rest is read as the gold relations."""
    for document in documents:
        row = begun(document)
        rendered = JOINT.render(row, tokenizer)
        question = render_prompt(JOINT.prompt(row_of(document)), tokenizer)
        whole = render_completion(JOINT.completion(row_of(document)), tokenizer)
        assert rendered.prompt == JOINT.render_prompt(row, tokenizer)
        assert rendered.prompt + rendered.completion == question + whole
        output = decoded(tokenizer, rendered.completion)
        parsed = JOINT.parse(output)
        assert (parsed.status, parsed.value["relations"]) == ("ok", written_of(document)["relations"])
        missing = JOINT.rest_of_opening(row, tokenizer)
        assert output == missing + JOINT.completion(row)
        assert len(rendered.prompt) > len(question)


def test_a_begun_answer_and_its_rest_are_the_tokens_that_were_learnt(tokenizer):
    check_begun_answers(tokenizer, MADE)


@pytest.mark.parametrize("name", ["byte_level", "nearly bytes"])
def test_a_begun_answer_to_an_abstract_and_its_rest_are_the_tokens_that_were_learnt(name, abstracts):
    check_begun_answers(TOKENIZERS[name], abstracts[:30])


def test_a_begun_answer_does_not_tell_what_follows(tokenizer):
    for document in MADE:
        row = begun(document)
        assert JOINT.render_prompt(row, tokenizer) == JOINT.render_prompt({**row, "relations": []}, tokenizer)


def test_a_begun_answer_is_cut_where_the_tokenizer_merges_its_end_with_what_follows():
    row = begun(DOCUMENT)
    assert {name: JOINT.rest_of_opening(row, tokenizer) for name, tokenizer in TOKENIZERS.items()} == {
        "byte_level": '":',
        "metaspace": 's":',
        "nearly bytes": "",
    }


def test_a_whole_answer_has_nothing_of_its_opening_left_to_write(tokenizer):
    assert JOINT.rest_of_opening(row_of(DOCUMENT), tokenizer) == ""


def test_where_no_token_ends_near_the_list_the_begun_answer_has_tokens_of_its_own():
    # So many entries that whole answers are tokens.
    greedy = made_tokenizer(
        [JOINT.completion(row_of(DOCUMENT)), JOINT.completion(row_of(MADE[0]))] * 9, 5000, "metaspace", longest=10**6
    )
    row = begun(DOCUMENT)
    rendered = RelationsTask(PROMPTS, relation_weight=2).render(row, greedy)
    assert len(render_completion(WHOLE, greedy)) == 2
    assert decoded(greedy, rendered.prompt).endswith(JOINT.prompt(row).rpartition("\n")[2])
    assert decoded(greedy, rendered.completion) == REST
    assert rendered.weights == [2.0] * (len(rendered.completion) - 1) + [1.0]
    assert JOINT.rest_of_opening(row, greedy) == ""


def test_an_answer_begun_without_entities_is_read_wherever_it_is_cut():
    row = begun(RelatedDocument("8", "Nothing here."))
    whole = JOINT.completion({**row, "given": None})
    for cut in range(len('{"entities":[],"relations":') + 1):
        assert JOINT.parse(whole[cut:]).status == "ok"
    check_begun_answers(TOKENIZERS["byte_level"], [RelatedDocument("8", "Nothing here.")])


@pytest.mark.parametrize("cut", range(len('"}],"relations":') + 1))
def test_a_rest_is_read_from_any_place_of_its_opening_on(cut):
    parsed = JOINT.parse('"}],"relations":'[cut:] + REST)
    assert (parsed.status, parsed.value) == ("ok", {"entities": [], "relations": json.loads(REST[:-1])})
    assert JOINT.parse('"}],"relations":'[cut:] + REST[:-1]).status == "truncated"
    assert JOINT.parse('"}],"relations":'[cut:] + REST + "}").status == "trailing_text"


@pytest.mark.parametrize(
    ("output", "status", "value"),
    [
        ("", "not_json", None),
        ("Sorry.", "not_json", None),
        (f"The answer: {WHOLE}", "not_json", None),
        (f'Relations ["x"] {RELATIONS}', "not_json", None),
        ("7", "wrong_shape", None),
        ("{}", "wrong_shape", None),
        (f"{{{ENTITIES}}}", "wrong_shape", {"entities": json.loads(f"{{{ENTITIES}}}")["entities"], "relations": []}),
        ('{"entities":[1],"relations":[]}', "wrong_shape", {"entities": [], "relations": []}),
        (f"{WHOLE} and more", "trailing_text", json.loads(WHOLE)),
        (WHOLE[:-20], "truncated", {**json.loads(WHOLE), "relations": []}),
        ('": [ ]}', "ok", {"entities": [], "relations": []}),
        ('{"entities":[],"relations":[],"more":[]}', "wrong_shape", None),
        (
            json.dumps({"entities": [{"text": '"relations":[]}', "type": "Drug"}], "relations": []}),
            "ok",
            {"entities": [{"text": '"relations":[]}', "type": "Drug"}], "relations": []},
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_its_status(output, status, value):
    assert JOINT.parse(output).status == status
    assert JOINT.parse(output).value == value


@pytest.mark.parametrize(
    ("output", "status"),
    [
        (f"{{{ENTITIES}}}", "ok"),
        (f"{{{RELATIONS}}}", "ok"),
        (WHOLE, "wrong_shape"),
        (REST, "not_json"),
        (f"{{{ENTITIES}", "truncated"),
        ('{"entities":[1]}', "wrong_shape"),
    ],
)
def test_in_two_steps_an_answer_is_one_list(output, status):
    assert TWO_STEPS.parse(output).status == status


@given(st.text(alphabet='{}[]":, \nentirlaos\\') | st.text())
def test_nothing_that_a_model_writes_is_an_error(output):
    for task in (JOINT, TWO_STEPS):
        parsed = task.parse(output)
        assert parsed.value is None or set(parsed.value) == set(LISTS)


@pytest.mark.parametrize("output", ['"relations" ' * 50_000, "[" * 10**5, REST[:-2] + f",{REST[1:-2]}" * 10_000])
def test_reading_takes_bounded_time(output):
    start = time.perf_counter()
    JOINT.parse(output)
    TWO_STEPS.parse(output)
    assert time.perf_counter() - start < 5


def test_tokens_of_relations_have_their_weight_and_all_others_one(tokenizer):
    task = RelationsTask(PROMPTS, relation_weight=3)
    rendered = task.render(row_of(DOCUMENT), tokenizer)
    assert (rendered.prompt, rendered.completion) == (
        JOINT.render(row_of(DOCUMENT), tokenizer).prompt,
        JOINT.render(row_of(DOCUMENT), tokenizer).completion,
    )
    first = rendered.weights.index(3.0)
    assert rendered.weights == [1.0] * first + [3.0] * (len(rendered.completion) - first - 1) + [1.0]
    # A token that begins before the key decides on the list of entities.
    heavy, heavier = (decoded(tokenizer, rendered.completion[start:-1]) for start in (first, first - 1))
    assert f"{RELATIONS}}}".endswith(heavy) and not f"{RELATIONS}}}".endswith(heavier)


def test_the_rest_of_a_begun_answer_has_the_weights_of_the_same_tokens_in_the_whole_one(tokenizer):
    task = RelationsTask(PROMPTS, relation_weight=0.5)
    whole, rest = task.render(row_of(DOCUMENT), tokenizer), task.render(begun(DOCUMENT), tokenizer)
    assert rest.weights == whole.weights[-len(rest.completion) :]
    assert len(rest.weights) == len(rest.completion)


def test_a_list_of_entities_alone_has_no_heavy_token_and_of_relations_nearly_all():
    task = RelationsTask(PROMPTS, two_steps=True, relation_weight=2)
    tokenizer = TOKENIZERS["byte_level"]
    assert set(task.render(row_of(DOCUMENT, "entities"), tokenizer).weights) == {1.0}
    weights = task.render(row_of(DOCUMENT, "relations", []), tokenizer).weights
    assert weights == [1.0, *[2.0] * (len(weights) - 2), 1.0]


def test_without_a_weight_there_are_none():
    assert JOINT.render(row_of(DOCUMENT), TOKENIZERS["byte_level"]).weights is None
    with pytest.raises(ValueError, match="relation_weight = 0"):
        RelationsTask(PROMPTS, relation_weight=0)


def test_answers_are_held_to_the_form_of_their_step_where_there_is_a_schema(tmp_path):
    write_schema(tmp_path / "schema.json", STUDY_SCHEMA)
    tokenizer, row = TOKENIZERS["byte_level"], begun(DOCUMENT)
    joint, two_steps = (RelationsTask(PROMPTS, steps, schema=tmp_path / "schema.json") for steps in (False, True))
    assert joint.answer_form(row_of(DOCUMENT), tokenizer) == answer_form(STUDY_SCHEMA)
    rest = joint.rest_of_opening(row, tokenizer)
    assert joint.answer_form(row, tokenizer) == answer_form(STUDY_SCHEMA, begun=rest)
    for row in (row_of(DOCUMENT, "entities"), row_of(DOCUMENT, "relations", [])):
        assert two_steps.answer_form(row, tokenizer) == answer_form(STUDY_SCHEMA, [row["step"]])
    assert JOINT.answer_form(row_of(DOCUMENT), tokenizer) is None
    assert joint.template_hash == JOINT.template_hash  # an adapter is used with it and without


def test_a_task_of_other_instructions_steps_or_weight_is_another_template(tmp_path):
    for step in ("joint", "entities", "relations"):
        (tmp_path / f"{step}.txt").write_text(f"List {step}.")
    tasks = [
        JOINT,
        TWO_STEPS,
        RelationsTask(tmp_path),
        RelationsTask(tmp_path, two_steps=True),
        RelationsTask(tmp_path, relation_weight=2),
    ]
    assert len({task.template_hash for task in tasks}) == len(tasks)
    before = [RelationsTask(tmp_path, two_steps).template_hash for two_steps in (False, True)]
    (tmp_path / "relations.txt").write_text("List them.")
    after = [RelationsTask(tmp_path, two_steps).template_hash for two_steps in (False, True)]
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_reading_answers_needs_no_torch():
    check_no_torch("medtune.studies.relations.template")
