"""Each of the shared cases, read in place, gives what their README says is right."""

from pathlib import Path

import pytest

from medtune.config.layers import merge, read_layers
from medtune.config_check import load_config
from medtune.data.brat import read_brat
from medtune.data.prompt_files import load_prompt
from medtune.data.related import Relation, check_documents
from medtune.files import BYTE_ORDER_MARK as BOM
from medtune.metrics.text.medical_terms import load_terms, terms_of
from medtune.studies.meerkat.medical_qa import distinct_questions, read_specialties
from medtune.studies.meerkat.template import load_template
from medtune.studies.radgraph.reports import cut, read_radgraph
from medtune.studies.relations.chemprot import read_chemprot
from medtune.studies.relations.label_map_file import read_label_map
from medtune.studies.relations.pubtator import read_pubtator
from medtune.studies.yesno.bioasq import read_bioasq
from tests.conftest import ROOT

CASES = ROOT.parent / "shared" / "cases"
PRESENT = sorted(path.name for path in CASES.iterdir() if path.is_dir()) if CASES.is_dir() else []


def the_scale_stays(folder):
    layers = read_layers([ROOT / "config" / f"{name}.yaml" for name in ("config", "tiny")], [folder / "mine.yaml"], [])
    assert load_config(merge(layers), layers).scale == "tiny"


def each_line_is_a_mention(folder):
    """In one piece where only white space parts its fragments."""
    documents = read_brat(folder, "case").documents
    lines = [line for path in folder.glob("*.ann") for line in path.read_text().splitlines() if line.startswith("T")]
    mentions = [mention for document in documents for mention in document.mentions]
    assert len(documents) == len(list(folder.glob("*.txt"))) and len(mentions) == len(lines) > 0
    for document in documents:
        for mention in document.mentions:
            for (_, end), (start, _) in zip(mention.fragments, mention.fragments[1:], strict=False):
                assert document.text[end:start].strip()


def a_composite_mention_has_all_concepts(folder):
    (document,) = read_pubtator(folder / "x.PubTator").documents
    assert [entity.concepts for entity in document.entities][2] == ("D051437", "D017093")
    assert document.relations == (Relation("CID", "D008094", "D017093"),)


def an_abstract_without_its_mark(folder):
    (document,) = read_pubtator(folder / "x.PubTator").documents
    assert document.id == "111" and document.text.startswith("Lithium and renal failure ")
    assert [document.text[e.start : e.end] for e in document.entities] == ["Lithium", "renal failure"]
    assert document.relations == (Relation("Association", "D008094", "D051437"),)


def drugprot(folder):
    corpus = read_chemprot(folder)
    check_documents(corpus.documents, "DrugProt")
    assert [document.relations for document in corpus.documents] == [(Relation("INHIBITOR", 0, 1),)]


def rationales_say_more_than_the_label(folder):
    questions, dropped = read_bioasq(folder / "q.json", "bioasq")
    assert questions[0].rationale == "Drug number 1 lowers systolic pressure by 8 mmHg in adults."
    assert questions[1].rationale == "Drug 2 did not change pressure."
    for question in questions:
        assert question.rationale.strip(" .").lower() not in ("yes", "no", "maybe")
    assert all("rationale" in item.reason for item in dropped)


def a_question_without_its_mark(folder):
    (question,), dropped = read_bioasq(folder / "q.json", "bioasq")
    assert (question.key, question.label, question.rationale) == ("5001", "Yes", "It does so.") and not dropped


def radgraph_xl(folder):
    reports = read_radgraph(folder / "radgraph_xl.jsonl").reports
    assert [report.id for report in reports] == ["r1", "r2"] and all(report.entities for report in reports)


def no_finding_is_outside_a_sentence(folder):
    for report in read_radgraph(folder / "test.json").reports:
        found = cut(report)
        assert not found.outside
        assert sum(len(sentence.entities) for sentence in found.sentences) == len(report.entities) > 0


def settings_without_their_mark(folder):
    prompt = load_prompt(folder / "prompt_bom.txt")
    assert prompt == load_prompt(folder / "prompt_crlf.txt") == "List the anatomy as JSON."
    yaml, json = (read_label_map(folder / f"map_bom.{suffix}") for suffix in ("yaml", "json"))
    assert (yaml.name, dict(yaml.entities)) == ("x", {"Chemical": "Drug"})
    assert (json.name, dict(json.entities)) == ("x", {"C": "D"})
    assert load_template(folder / "template_bom.jinja").startswith("{% for m in messages %}")
    assert all(path.read_text("utf-8").startswith(BOM) for path in folder.iterdir() if "bom" in path.name)
    assert terms_of("aspirin for fever", load_terms(folder / "terms_bom.txt")) == {"aspirin", "fever"}


def repeated_answers_are_no_repeats(folder):
    kept, dropped = distinct_questions(read_specialties(folder, 1))
    assert {specialty: len(questions) for specialty, questions in kept.items()} == {"cardiology": 40, "surgery": 40}
    assert dropped == []


RIGHT = {
    "01_configfile_over_profile": the_scale_stays,
    "10_brat_spaces_for_tabs": each_line_is_a_mention,
    "13_brat_fragment_with_indent": each_line_is_a_mention,
    "30_pubtator_bc5cdr_composite": a_composite_mention_has_all_concepts,
    "32_pubtator_bom": an_abstract_without_its_mark,
    "40_drugprot": drugprot,
    "60_bioasq_restated_label": rationales_say_more_than_the_label,
    "65_bioasq_bom": a_question_without_its_mark,
    "83_radgraph_xl_jsonl": radgraph_xl,
    "96_radgraph_heading_findings": no_finding_is_outside_a_sentence,
    "99_bom_settings": settings_without_their_mark,
    "A0_medqa_letter_answers": repeated_answers_are_no_repeats,
    "B0_brat_corpus": each_line_is_a_mention,
    "F0_brat_wrapped_lines": each_line_is_a_mention,
}


@pytest.mark.skipif(not PRESENT, reason="the shared cases are not here (expected in ../shared/cases)")
@pytest.mark.parametrize("case", sorted({*PRESENT, *RIGHT}))
def test_a_case_gives_what_is_right(case):
    folder: Path = CASES / case
    assert case in RIGHT, f"{case}: what is right is not tested yet"
    RIGHT[case](folder)
