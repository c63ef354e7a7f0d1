"""Entities and relations in the user's notes: with made answers, and once with a real (untrained) adapter."""

import json

import pytest
from peft import LoraConfig, get_peft_model

from medtune.config import Generation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.data.report_sources import Source
from medtune.errors import InputError
from medtune.files import write_json
from medtune.kinds.relations.output import write_output
from medtune.reporting.tables import read_csv
from medtune.studies.relations import predict as module
from medtune.studies.relations.generator import make_splits
from medtune.studies.relations.predict import Job, adapter_answers, predict
from medtune.studies.relations.rows import STEPS
from medtune.studies.relations.schema_file import write_schema
from medtune.studies.relations.template import RelationsTask
from tests.annotations import files_of, json_lines
from tests.predictions import check, outputs_in
from tests.unit.tiny_model import tiny_model

NOTE = "Metformin treats gout."
ENTITIES = [{"text": "Metformin", "type": "Drug"}, {"text": "gout", "type": "Disease"}]
TREATS = {"head": "Metformin", "type": "treats", "tail": "gout"}


def written(entities=ENTITIES, relations=(TREATS,)):
    return json.dumps({"entities": list(entities), "relations": list(relations)})


class Stub:
    """A model that answers as told, by step and text. asked: the rows of each call. None: does not fit the model."""

    def __init__(self, answers=None, fail_at=None):
        self.answers, self.fail_at, self.asked = answers or {}, fail_at, []

    def load(self, job, task):
        self.task = task
        return self

    def __call__(self, rows):
        if self.fail_at == len(self.asked):
            raise KeyboardInterrupt
        self.asked.append([dict(row) for row in rows])
        return [self._prediction(row) for row in rows]

    def _prediction(self, row):
        text = self.answers.get((row["step"], row["text"]), self.answers.get(row["text"], '{"entities":[]}'))
        if text is None:
            return None
        parsed = self.task.parse(text)
        tokens = {"prompt_tokens": 9, "output_tokens": 4, "finish": "eos", "confidence": 0.9}
        return {
            "id": row["id"],
            "split": "notes",
            "raw": text,
            "value": parsed.value,
            "status": parsed.status,
            **tokens,
        }


@pytest.fixture
def material(tmp_path):
    """A base model, an adapter, prompts and a schema, as far as they are looked at without a model being loaded."""
    folder = tmp_path / "material"
    (folder / "base").mkdir(parents=True)
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    write_inputs(folder)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        write_json(folder / "adapter" / name, {})
    return folder


def write_inputs(folder, **options):
    """Prompts, schema, and the template of an adapter that was trained with them."""
    for step in STEPS:
        (folder / f"{step}.txt").write_text(f"List: {step}.")
    write_schema(folder / "schema.json", STUDY_SCHEMA)
    task = RelationsTask(folder, **options)
    template = {"template_hash": task.template_hash, "base_fingerprint": "base-1", "base_model": "tiny"}
    write_json(folder / "adapter" / "template.json", template)


def job_of(material, source, *, options=None, **changes):
    return Job(
        **{
            "notes": source,
            "base": material / "base",
            "adapter": material / "adapter",
            "task_options": {"prompts": material, **(options or {})},
            "types": material / "schema.json",
            "settings": Generation(),
            "seed": 1,
            "chunk": 4,
            **changes,
        }
    )


def run(material, source, folder, stub, **changes):
    outputs = outputs_in(folder)
    predict(job_of(material, source, **changes), outputs, folder / "state", stub.load)
    return outputs


def test_what_the_model_lists_comes_out_in_its_places(material, tmp_path):
    made = [item.document for item in make_splits({"test": 30}, seed=4)["test"]]
    texts = {document.id: document.text for document in made}
    stub = Stub({document.text: write_output(document) for document in made})
    outputs = run(material, json_lines(tmp_path, texts), tmp_path / "out", stub, page_notes=20)
    for found, gold in zip(check(outputs, texts), made, strict=True):
        assert {(e.start, e.end, e.label) for e in found.entities} == {(e.start, e.end, e.label) for e in gold.entities}
        assert len(found.relations) == len(gold.relations)
    notes = read_csv(outputs.documents)
    assert {(row["status"], row["violations"], row["left_out"], row["confidence"]) for row in notes} == {
        ("ok", "0", "0", "0.9")
    }
    page = outputs.page.read_text()
    assert page.count("<article>") == 20 and "20 of 30 documents" in page
    assert "Gold" not in page and "errors" not in page
    assert page.count('<path d="M') > 10


def test_a_killed_run_goes_on_with_the_chunks_that_are_missing_and_gives_the_same_files(material, tmp_path):
    texts = {f"n{number}": f"{NOTE} Day {number}." for number in range(10)}
    source = json_lines(tmp_path, texts)
    answers = {text: written() for text in texts.values()}
    undisturbed = Stub(answers)
    run(material, source, tmp_path / "a", undisturbed)
    assert [len(rows) for rows in undisturbed.asked] == [4, 4, 2]
    with pytest.raises(KeyboardInterrupt):
        run(material, source, tmp_path / "b", Stub(answers, fail_at=2))
    assert files_of(tmp_path / "b").keys() == {"state.lock"}
    again = Stub(answers)
    run(material, source, tmp_path / "b", again)
    assert again.asked == undisturbed.asked[2:]
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert not (tmp_path / "b" / "state").exists()


@pytest.mark.parametrize("change", [{"seed": 2}, {"settings": Generation(constrained=True)}, "schema"])
def test_work_of_another_job_is_not_taken_up(material, tmp_path, change):
    source = json_lines(tmp_path, {f"n{number}": f"{NOTE} {number}" for number in range(9)})
    with pytest.raises(KeyboardInterrupt):
        run(material, source, tmp_path / "out", Stub(fail_at=2))
    if change == "schema":
        write_json(material / "schema.json", {"entities": ["Drug"], "relations": []})
        change = {}
    stub = Stub()
    run(material, source, tmp_path / "out", stub, **change)
    assert sum(map(len, stub.asked)) == 9


def test_two_steps_ask_for_relations_between_the_entities_that_were_found(material, tmp_path):
    write_inputs(material, two_steps=True)
    texts = {"a": NOTE, "b": "Nothing.", "long": "Too long.", "longer": "With its entities too long."}
    entities, relations = json.dumps({"entities": ENTITIES * 2}), json.dumps({"relations": [TREATS]})
    stub = Stub(
        {
            ("entities", NOTE): entities,
            ("relations", NOTE): relations,
            ("relations", "Nothing."): '{"relations":[]}',
            ("entities", "Too long."): None,
            ("relations", "With its entities too long."): None,
        }
    )
    outputs = run(material, json_lines(tmp_path, texts), tmp_path / "out", stub, options={"two_steps": True})
    first, second = stub.asked
    assert [(row["id"], row["step"], row["given"]) for row in first] == [(name, "entities", None) for name in texts]
    given = {"a": [["Metformin", "Drug"], ["gout", "Disease"]], "b": [], "longer": []}
    assert {row["id"]: row["given"] for row in second} == given
    found = {document.id: document for document in check(outputs, texts)}
    assert [len(found[name].relations) for name in ("a", "b")] == [1, 0]
    assert {row["note"] for row in read_csv(outputs.skipped)} == {"long", "longer"}


def test_what_cannot_be_used_is_listed_with_its_reason(material, tmp_path):
    texts = {"empty": " \n", "long": "Long.", "unread": "Odd.", "cut": NOTE, "odd": f"{NOTE} Fever."}
    zebra = {"text": "zebra", "type": "Drug"}
    stub = Stub(
        {
            "Long.": None,
            "Odd.": "sorry",
            NOTE: written()[:-2],
            texts["odd"]: written(
                [*ENTITIES, ENTITIES[0], zebra, {"text": "Fever", "type": "Animal"}],
                [
                    TREATS,
                    TREATS,
                    {**TREATS, "head": "zebra"},
                    {**TREATS, "type": "causes"},
                    {**TREATS, "head": "mice"},
                ],
            ),
        }
    )
    outputs = run(material, json_lines(tmp_path, texts), tmp_path / "out", stub)
    check(outputs, texts)
    assert [tuple(row.values()) for row in read_csv(outputs.skipped)] == [
        ("empty", "", "no text"),
        ("long", "", "the note does not fit the model"),
        ("unread", "", "the answer cannot be read (not_json)"),
        ("cut", "", "the answer was read in part (truncated)"),
        ("odd", "zebra (Drug)", "the value is not in the note"),
        ("odd", "Fever", "its type is not in the schema"),
        ("odd", "zebra treats gout", "an argument is not in the note"),
    ]
    notes = {row["note"]: row for row in read_csv(outputs.documents)}
    assert [row["status"] for row in notes.values()] == ["skipped", "skipped", "not_json", "truncated", "ok"]
    assert tuple(notes["odd"].values())[2:] == ("2", "1", "1", "1", "1", "1", "1", "3", "0.9")
    assert set(tuple(notes["long"].values())[2:]) == {""}
    assert (notes["cut"]["entities"], notes["cut"]["relations"]) == ("2", "1")


def test_notes_are_read_as_they_are_needed(material, tmp_path, monkeypatch):
    source = json_lines(tmp_path, {f"n{number}": f"{NOTE} {number}" for number in range(20)})
    read, at_call = [], []
    original = module.read_reports

    def counted(given):
        read.append(0)
        for note in original(given):
            read[-1] += 1
            yield note

    class Watching(Stub):
        def __call__(self, rows):
            at_call.append(tuple(read))
            return super().__call__(rows)

    monkeypatch.setattr(module, "read_reports", counted)
    run(material, source, tmp_path / "out", Watching())
    assert at_call == [(20, 4 * chunk) for chunk in range(1, 6)]
    assert read == [20, 20, 20]


def test_a_folder_of_files_with_any_name_line_ends_and_markup_comes_out_whole(material, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    name, text = 'it\'s "odd" <b>.txt', "Metformin\r\ntreats <b>gout</b> & <|endoftext|>.\r\n"
    (folder / name).write_bytes(text.encode())
    outputs = run(material, Source("folder", str(folder)), tmp_path / "out", Stub({text: written()}))
    (document,) = check(outputs, {name: text})
    assert len(document.relations) == 1
    assert "it&#39;s &#34;odd&#34; &lt;b&gt;" in outputs.page.read_text()


def test_an_answer_that_repeats_itself_is_worked_out_once(material, tmp_path):
    stub = Stub({NOTE: written(relations=[TREATS] * 10_000)})
    outputs = run(material, json_lines(tmp_path, {"n": NOTE}), tmp_path / "out", stub)
    (row,) = read_csv(outputs.documents)
    assert (row["relations"], row["duplicate_relations"]) == ("1", "9999")
    assert outputs.predictions.stat().st_size < 1_000


def test_an_adapter_of_another_prompt_or_base_and_faulty_notes_are_refused(material, tmp_path):
    source = json_lines(tmp_path, {"n": NOTE})
    with pytest.raises(InputError, match='trained with another template of task "relations"'):
        run(material, source, tmp_path / "out", Stub(), options={"two_steps": True})
    (material / "base" / "record.json").write_text('{"name": "tiny", "fingerprint": "base-2"}')
    with pytest.raises(InputError, match='trained on base model "tiny" with other weights'):
        run(material, source, tmp_path / "out", Stub())
    write_json(material / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    with pytest.raises(InputError, match="no report with text; expected at least one"):
        run(material, json_lines(tmp_path, {"n": " "}), tmp_path / "out", Stub())
    assert not (tmp_path / "out").exists()


def test_notes_that_change_meanwhile_are_noticed(material, tmp_path):
    source = json_lines(tmp_path, {"n": NOTE})

    class Changing(Stub):
        def __call__(self, rows):
            json_lines(tmp_path, {"n": NOTE.upper()})
            return super().__call__(rows)

    with pytest.raises(InputError, match="the reports changed while they were annotated; run again"):
        run(material, source, tmp_path / "out", Changing())
    assert files_of(tmp_path / "out").keys() == {"state.lock"}


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """An untrained base model with a lively adapter on it, for one step and for two."""
    folder = tmp_path_factory.mktemp("untrained")
    model, tokenizer = tiny_model()
    model.save_pretrained(folder / "base")
    adapted = get_peft_model(model, LoraConfig(target_modules="all-linear", init_lora_weights=False, r=4))
    adapted.save_pretrained(folder / "adapter")
    for name in ("base", "adapter"):
        tokenizer.save_pretrained(folder / name)
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    return folder


@pytest.mark.parametrize("two_steps", [False, True], ids=["joint", "two steps"])
@pytest.mark.parametrize("constrained", [False, True], ids=["free", "constrained"])
def test_a_real_adapter_writes_all_files(untrained, tmp_path, two_steps, constrained):
    write_inputs(untrained, two_steps=two_steps)
    texts = {"a": NOTE, "long": "z " * 2_000, "b": "No pain."}
    outputs = outputs_in(tmp_path)
    settings = Generation(max_new_tokens=20, constrained=constrained)
    job = job_of(untrained, json_lines(tmp_path, texts), options={"two_steps": two_steps}, settings=settings)
    predict(job, outputs, tmp_path / "state")
    check(outputs, texts)
    statuses = {row["note"]: row["status"] for row in read_csv(outputs.documents)}
    assert statuses["long"] == "skipped"
    assert {statuses["a"], statuses["b"]} <= ({"ok", "truncated"} if constrained else {"not_json", "wrong_shape"})


def test_a_prompt_that_leaves_no_room_is_refused(untrained):
    write_inputs(untrained)
    job = job_of(untrained, Source("folder", "unset"), settings=Generation(max_new_tokens=1020))
    with pytest.raises(InputError, match='the prompt of step "joint" and up to 1020 new tokens exceed the 1024'):
        adapter_answers(job, RelationsTask(untrained))
