import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.studies.radgraph.reports import (
    LABELS,
    Corpus,
    Report,
    agreement_counts,
    canonical_label,
    corpus_of,
    cut,
    make_entity,
    read_radgraph,
    to_layout,
    write_radgraph,
)
from medtune.studies.radgraph.segments import tokenise
from tests.conftest import ROOT

CASES = ROOT.parent / "shared/cases"
TEXT = "FINDINGS : The left lung is clear . No pleural effusion ."
NAME = "p18/s5022.txt"


def entity(tokens, label, first, last, *relations):
    return {"tokens": tokens, "label": label, "start_ix": first, "end_ix": last, "relations": list(relations)}


ENTITIES = {
    "1": entity("left lung", "ANAT-DP", 3, 4),
    "2": entity("clear", "OBS-DP", 6, 6, ["located_at", "1"]),
    "3": entity("pleural effusion", "OBS-DA", 9, 10),
}


def record(**changes):
    return {"text": TEXT, "entities": ENTITIES, "data_source": "MIMIC-CXR", "data_split": "train", **changes}


def with_entity(**changes):
    """The report with changes to entity 2."""
    return record(entities={**ENTITIES, "2": {**ENTITIES["2"], **changes}})


def write(folder, value, name="train.json"):
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_report_comes_with_tokens_and_entities_whose_offsets_slice_to_the_text(tmp_path):
    (report,) = read_radgraph(write(tmp_path, {NAME: record()})).reports
    assert (report.id, report.text, report.source, report.split) == (NAME, TEXT, "MIMIC-CXR", "train")
    assert [token.text for token in report.tokens] == TEXT.split()
    assert [(found.id, found.label, found.text) for found in report.entities] == [
        ("1", "ANAT-DP", "left lung"),
        ("2", "OBS-DP", "clear"),
        ("3", "OBS-DA", "pleural effusion"),
    ]
    assert all(TEXT[found.start_char : found.end_char] == found.text for found in report.entities)
    assert report.entities[1].relations == (("located_at", "1"),)


def test_the_labels_of_radgraph_xl_are_made_those_of_radgraph():
    assert canonical_label("Anatomy::definitely present") == "ANAT-DP"
    assert canonical_label("Observation::definitely absent") == "OBS-DA"
    assert canonical_label("observation::uncertain ") == "OBS-U"
    assert canonical_label("Observation::measurement::definitely present") == "OBS-DP"
    assert canonical_label("Anatomy::uncertain") == "ANAT-DP"
    assert canonical_label("Anatomy") is None
    assert [canonical_label(label) for label in LABELS] == list(LABELS)


def test_of_two_readers_the_chosen_one_is_gold_and_the_other_is_kept(tmp_path):
    other = {"3": ENTITIES["3"], "2": entity("is clear", "OBS-DP", 5, 6)}
    twice = {"text": TEXT, "labeler_1": {"entities": ENTITIES}, "labeler_2": {"entities": other}}
    path = write(tmp_path, {NAME: twice, "b": record()})
    first, second = read_radgraph(path), read_radgraph(path, "labeler_2")
    assert [len(report.entities) for report in first.reports] == [3, 3]
    assert [len(report.entities) for report in first.second] == [2]
    assert (first.second[0], second.second[0]) == (second.reports[0], first.reports[0])
    assert agreement_counts(first) == [(1, 1, 2)]
    assert agreement_counts(first, "OBS-DA") == [(1, 0, 0)]


@pytest.mark.parametrize(
    "changed, message",
    [
        (with_entity(start_ix=41, end_ix=41), 'entity "2": start_ix 41 is past the last token (11).'),
        (with_entity(end_ix=12), 'entity "2": end_ix 12 is past the last token (11).'),
        (with_entity(start_ix=-1), 'entity "2": start_ix is -1; expected a whole number from 0 on.'),
        (with_entity(start_ix="6"), 'entity "2": start_ix is "6"; expected a whole number from 0 on.'),
        (with_entity(end_ix=None), 'entity "2": end_ix is null; expected a whole number from 0 on.'),
        (with_entity(end_ix=5), 'entity "2": end_ix 5 is before start_ix 6.'),
        (with_entity(tokens="clean"), 'entity "2": its tokens are "clean", but tokens 6 to 6 of the text are "clear".'),
        (with_entity(label="OBS"), 'entity "2": unknown label "OBS"; expected ANAT-DP, OBS-DP, OBS-DA, OBS-U or'),
        (with_entity(label=None), 'entity "2": unknown label "None"'),
        (
            with_entity(relations=[["modify", "9"]]),
            'entity "2": its relation "modify" points to entity "9", which the report does not have.',
        ),
        (with_entity(relations=[["modify"]]), 'entity "2": its relations are not a list of [type, entity id].'),
        (record(entities={"1": []}), 'entity "1": expected a JSON object, found list.'),
        (record(entities=[]), ": expected a JSON object, found list."),
        (record(text=" "), ': no text; expected the report in the field "text".'),
        ({"entities": {}}, ': no text; expected the report in the field "text".'),
        ({"text": TEXT}, ': no annotation; expected "entities", or "labeler_1" and "labeler_2".'),
        ({"text": TEXT, "labeler_2": {"entities": {}}}, ': no annotation by "labeler_1", which is the one to be used.'),
        ({"text": TEXT, "labeler_1": {}}, ', labeler_1: no annotation; expected "entities".'),
        ("text", ": expected a JSON object, found str."),
    ],
)
def test_faults_name_file_report_and_entity(tmp_path, changed, message):
    path = write(tmp_path, {"good": record(), NAME: changed})
    with pytest.raises(InputError) as caught:
        read_radgraph(path)
    assert str(caught.value).startswith(f'radgraph: {path}, report "{NAME}"') and message in str(caught.value)


def test_an_id_that_occurs_twice_is_found_although_json_allows_it(tmp_path):
    report = json.dumps(record())
    path = write(tmp_path, f'{{"a": {report}, "b": {report}, "a": {report}}}')
    with pytest.raises(InputError, match='the report "a" occurs more than once; reports must be unique'):
        read_radgraph(path)
    one = json.dumps(ENTITIES["1"])
    path = write(tmp_path, f'{{"a": {{"text": {json.dumps(TEXT)}, "entities": {{"1": {one}, "1": {one}}}}}}}')
    with pytest.raises(InputError, match='report "a": the entity id "1" occurs more than once'):
        read_radgraph(path)


def test_a_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError) as caught:
        read_radgraph(tmp_path / "train.json")
    for part in (
        "train.json: no such file",
        "Credentialed Health Data License",
        "physionet.org/content/radgraph",
        "radgraph.data, or `format: synthetic`",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "content, message",
    [("[]", "expected a JSON object, found list"), ("{}", "holds no reports"), ('{\n"a": ]', "line 2: not valid JSON")],
)
def test_files_in_another_layout_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_radgraph(write(tmp_path, content))


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "train.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match=r"train\.json: not UTF-8"):
        read_radgraph(tmp_path / "train.json")


@st.composite
def reports(draw, name="r"):
    text = " ".join(
        draw(st.lists(st.sampled_from(["No", "effusion", ".", "é", '"x"', "FINDINGS", ":", "1"]), min_size=1))
    )
    tokens = tokenise(text)
    spans = draw(st.lists(st.tuples(st.integers(0, len(tokens) - 1), st.integers(0, 3), st.sampled_from(LABELS))))
    entities = tuple(
        make_entity(text, tokens, str(number), label, first, min(first + more, len(tokens) - 1), [("modify", "0")])
        for number, (first, more, label) in enumerate(spans)
    )
    return Report(name, text, tokens, entities, "MIMIC-CXR", None)


@given(reports())
def test_writing_and_reading_gives_the_same_reports(report):
    corpus = Corpus((report,), (Report("r", report.text, report.tokens, report.entities[:1], "MIMIC-CXR", None),))
    for labeler in ("labeler_1", "labeler_2"):
        assert corpus_of(json.loads(json.dumps(to_layout(corpus, labeler))), "f", labeler) == corpus
    alone = Corpus((report,))
    assert corpus_of(to_layout(alone), "f") == alone


def test_a_written_file_is_read_back(tmp_path):
    corpus = corpus_of({NAME: record()}, "f")
    write_radgraph(tmp_path / "out.json", corpus)
    assert read_radgraph(tmp_path / "out.json") == corpus


def test_sentences_hold_their_entities_at_their_own_offsets():
    (report,) = corpus_of({NAME: record()}, "f").reports
    found = cut(report)
    assert [(sentence.id, sentence.text, sentence.start) for sentence in found.sentences] == [
        (f"{NAME}#001", "The left lung is clear .", 11),
        (f"{NAME}#002", "No pleural effusion .", 36),
    ]
    assert [(e.text, e.start_token, e.start_char, e.end_char) for e in found.sentences[1].entities] == [
        ("pleural effusion", 1, 3, 19)
    ]
    assert (found.headings, found.numbers, found.outside) == (1, 0, ())


def test_an_entity_across_sentences_or_in_a_heading_moves_no_boundary_and_is_named():
    across = {"1": entity("clear . No", "OBS-DP", 6, 8), "2": entity("FINDINGS", "OBS-DP", 0, 0)}
    (report,) = corpus_of({NAME: record(entities=across)}, "f").reports
    found = cut(report)
    assert [sentence.text for sentence in found.sentences] == ["The left lung is clear .", "No pleural effusion ."]
    assert [entity.id for entity in found.outside] == ["1", "2"]


@given(reports())
def test_a_report_is_cut_the_same_with_and_without_annotation_and_no_entity_is_lost_or_moved(report):
    found = cut(report)
    bare = cut(Report(report.id, report.text, report.tokens))
    assert [(one.id, one.text, one.start) for one in found.sentences] == [
        (one.id, one.text, one.start) for one in bare.sentences
    ]
    within = [
        (entity.id, sentence.start + entity.start_char, sentence.start + entity.end_char)
        for sentence in found.sentences
        for entity in sentence.entities
        if sentence.text[entity.start_char : entity.end_char] == entity.text
    ]
    outside = [(entity.id, entity.start_char, entity.end_char) for entity in found.outside]
    assert sorted(within + outside) == sorted(
        (entity.id, entity.start_char, entity.end_char) for entity in report.entities
    )


def test_findings_that_are_headings_in_capitals_reach_a_model_with_and_without_gold():
    (report,) = read_radgraph(CASES / "96_radgraph_heading_findings/test.json").reports
    found = cut(report)
    assert [sentence.text for sentence in found.sentences] == [
        "LUNGS : CLEAR .",
        "PLEURAL EFFUSION : SMALL LEFT .",
        "PNEUMOTHORAX : NONE .",
        "HEART : NORMAL .",
        "STABLE .",
    ]
    assert found.outside == () and sum(len(sentence.entities) for sentence in found.sentences) == 4
    assert found.sentences[1].text == cut(Report("new", report.text, report.tokens)).sentences[1].text


def test_radgraph_xl_is_read_as_physionet_gives_it():
    corpus = read_radgraph(CASES / "83_radgraph_xl_jsonl/radgraph_xl.jsonl")
    assert [report.id for report in corpus.reports] == ["r1", "r2"]
    assert [(entity.text, entity.label) for entity in corpus.reports[0].entities] == [
        ("lungs", "ANAT-DP"),
        ("effusion", "OBS-DA"),
    ]
    assert corpus.reports[0].source == "chest_ct"


DYGIE = {"doc_key": "a", "sentences": [["No", "edema", "."], ["Left", "lung", "."]]}
NER = [[[1, 1, "Observation::definitely absent"]], [[3, 4, "Anatomy::definitely present"]]]


def test_separators_of_lines_within_a_text_of_radgraph_xl_end_no_record(tmp_path):
    record = {**DYGIE, "ner": NER, "dataset": "one\u2028two\x85three"}
    (report,) = read_radgraph(write(tmp_path, json.dumps(record, ensure_ascii=False) + "\n")).reports
    assert report.source == record["dataset"]


def test_relations_of_radgraph_xl_go_from_entity_to_entity(tmp_path):
    line = json.dumps({**DYGIE, "ner": NER, "relations": [[[1, 1, 3, 4, "located_at"]], []]})
    (report,) = read_radgraph(write(tmp_path, line + "\n\n")).reports
    assert report.text == "No edema . Left lung ."
    assert [(entity.text, entity.relations) for entity in report.entities] == [
        ("edema", (("located_at", "2"),)),
        ("Left lung", ()),
    ]


@pytest.mark.parametrize(
    "lines, message",
    [
        ([{**DYGIE, "doc_key": None}], 'line 1: no id; expected a text in the field "doc_key"'),
        ([DYGIE, DYGIE], 'line 2: the report "a" occurs more than once'),
        (
            [{**DYGIE, "sentences": [["No edema"]]}],
            'report "a": the token "No edema" is not a text without white space',
        ),
        ([{**DYGIE, "sentences": ["No"]}], '"sentences" is not a list with a list for each sentence'),
        ([{**DYGIE, "ner": [[[1, "x"]]]}], '[1, "x"] is not an entity as [first, last, label]'),
        ([{**DYGIE, "ner": [[[1, 1, "x"]]]}], 'entity "1": unknown label "x"'),
        ([{**DYGIE, "ner": [[[9, 9, "Observation::uncertain"]]]}], "start_ix 9 is past the last token (5)"),
        (
            [{**DYGIE, "ner": NER, "relations": [[[1, 1, 2, 2, "modify"]]]}],
            'a relation "modify" names tokens 2 to 2, no entity\'s',
        ),
        ([DYGIE, "{"], "line 2: not valid JSON"),
    ],
)
def test_faults_of_radgraph_xl_name_line_or_report(tmp_path, lines, message):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    with pytest.raises(InputError) as caught:
        read_radgraph(write(tmp_path, text))
    assert message in str(caught.value)
