import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from medtune.data.bio import spans_of, tag_list
from medtune.data.brat import read_brat
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, sha256_of
from medtune.studies.maccrobat.generator import write_case_reports
from medtune.studies.maccrobat.prepare import SPLITS, prepare, tier
from medtune.studies.maccrobat.release import is_release
from medtune.studies.maccrobat.section import MaccrobatData, Tiers

FILES = {**{split: f"{split}.jsonl" for split in SPLITS}, "tags": "tags.json", "manifest": "manifest.json"}
ENCODERS = {"made": 0, "published": None}
SMALL = {"splits": {"train": 0.6, "validation": 0.2, "test": 0.2}, "tiers": {"frequent": 60, "rare": 10}}


def run(folder, source, seed=42, **settings):
    """Prepare into a folder; returns the splits, the tags and the manifest."""
    data = MaccrobatData(source=source, **{**SMALL, **settings})
    prepare(data, seed, **{name: folder / file for name, file in FILES.items()}, encoders=ENCODERS)
    rows = {split: read_jsonl(folder / FILES[split]) for split in SPLITS}
    return rows, read_json(folder / "tags.json"), read_json(folder / "manifest.json")


def refusal(folder, source, **settings):
    with pytest.raises(InputError) as caught:
        run(folder, source, **settings)
    assert not any((folder / file).exists() for file in FILES.values())
    return str(caught.value)


def brat(folder, documents):
    """A folder of documents: by name text and annotation."""
    for name, (text, annotation) in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        (folder / f"{name}.ann").write_text(annotation, encoding="utf-8")
    return {"format": "brat", "path": str(folder)}


def plain(count):
    """Documents of a few words, each with an Age."""
    return {
        f"c{number}": (f"A man of {20 + number} years.", f"T1\tAge 9 11\t{20 + number}\n") for number in range(count)
    }


def all_rows(rows):
    return [row for split in SPLITS for row in rows[split]]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run(tmp_path_factory.mktemp("made"), {"format": "synthetic", "documents": 30})


def test_rows_have_words_whose_offsets_slice_and_tags_that_hold_the_kept_entities(made):
    rows, tags, _ = made
    for row in all_rows(rows):
        assert row["words"] == [row["text"][start:end] for start, end in row["offsets"]]
        assert len(row["tags"]) == len(row["words"]) >= 1
        assert set(row["tags"]) <= set(tags["tags"])
        assert row["sentences"][0] == 0 and row["sentences"] == sorted(set(row["sentences"]))
        kept = [Span(e["first"], e["last"], e["label"]) for e in row["entities"] if e["kept"]]
        assert spans_of(row["tags"]) == kept
        assert all((e["reason"] == "") == e["kept"] for e in row["entities"])
    ids = [row["id"] for row in all_rows(rows)]
    assert len(set(ids)) == len(ids) == 30


def test_the_tag_list_has_both_tags_of_each_type_and_counts_are_of_the_whole_corpus(made):
    rows, tags, _ = made
    gold = [e["label"] for row in all_rows(rows) for e in row["entities"]]
    assert tags["tags"] == tag_list(gold)
    assert tags["counts"] == {label: gold.count(label) for label in tags["counts"]}
    assert set(tags["tiers"]) == set(tags["counts"]) == set(gold)


def test_tiers_are_frequent_above_rare_below_and_medium_between():
    assert [tier(count, Tiers()) for count in (1001, 1000, 100, 99)] == ["frequent", "medium", "medium", "rare"]


def test_the_manifest_tells_what_was_dropped_and_adds_up(made):
    rows, _, manifest = made
    entities = [e for row in all_rows(rows) for e in row["entities"]]
    flattening = manifest["flattening"]
    assert flattening["gold"] == len(entities) == manifest["corpus"]["mentions"]
    assert flattening["kept"] + sum(flattening["dropped_by_reason"].values()) == len(entities)
    assert {"nested", "same span", "discontinuous"} <= set(flattening["dropped_by_reason"])
    by_type = sum(count for reasons in flattening["dropped_by_type"].values() for count in reasons.values())
    assert by_type == sum(flattening["dropped_by_reason"].values())
    assert manifest["records"] == {"train": 18, "validation": 6, "test": 6}
    assert manifest["leakage"]["text"]["twins"] == manifest["bio_repairs"]["tags_repaired"] == 0
    assert "no PMID stands in two splits" in manifest["leakage"]["pmid"]["method"]
    assert "no text stands in two splits" in manifest["leakage"]["text"]["method"]


def test_the_manifest_has_the_sums_of_the_files(made, tmp_path):
    _, _, manifest = run(tmp_path, {"format": "synthetic", "documents": 30})
    assert manifest == made[2]
    assert manifest["files"] == {file: sha256_of(tmp_path / file) for name, file in FILES.items() if name != "manifest"}


def test_another_seed_makes_other_splits(made, tmp_path):
    assert run(tmp_path, {"format": "synthetic", "documents": 30}, seed=1)[0] != made[0]


def test_rare_types_that_are_dropped_have_no_tags_and_stay_as_entities(tmp_path, made):
    source = {"format": "synthetic", "documents": 30}
    rows, tags, manifest = run(tmp_path, source, rare="drop", drop_below=40)
    few = {label for label, count in made[1]["counts"].items() if count < 40}
    assert few and set(manifest["rare_types"]["dropped"]) == few
    assert not {f"B-{label}" for label in few} & set(tags["tags"])
    assert set(tags["counts"]) == set(made[1]["counts"])
    reasons = {e["reason"] for row in all_rows(rows) for e in row["entities"] if e["label"] in few}
    assert reasons == {"rare type"}
    assert sum(len(row["entities"]) for row in all_rows(rows)) == manifest["flattening"]["gold"]


def test_of_the_same_reports_in_two_folders_the_later_ones_are_kept_and_it_is_said(tmp_path):
    corpus = tmp_path / "corpus"
    write_case_reports(corpus / "2018", {"train": 12}, 42)
    shutil.copytree(corpus / "2018", corpus / "2020")
    rows, _, manifest = run(tmp_path, {"format": "brat", "path": str(corpus)})
    assert {row["id"].split("/")[0] for row in all_rows(rows)} == {"2020"} and len(all_rows(rows)) == 12
    assert manifest["twins"]["dropped"] == manifest["dropped"][0]["count"] == 12
    assert manifest["dropped"][0]["reason"] == "twin: same text as a document that is kept"
    assert manifest["sources"][0]["records"] == 24


def test_of_two_documents_with_one_pmid_the_last_is_kept_and_it_is_said(tmp_path):
    documents = {**plain(10), "12345678": ("A man, old.", ""), "again_12345678": ("A man, young.", "")}
    rows, _, manifest = run(tmp_path, brat(tmp_path / "in", documents))
    assert {"again_12345678"} == {row["id"] for row in all_rows(rows) if "12345678" in row["id"]}
    assert manifest["dropped"] == [
        {
            "source": "maccrobat",
            "reason": "twin: same PMID as a document that is kept",
            "count": 1,
            "examples": ["12345678"],
        }
    ]
    assert sum(manifest["leakage"]["pmid"]["compared"].values()) == 1


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("c{}", "A man of 20 years.", 'the document "A man of 20 years." stands in two splits'),
        ("c{}_12345678", "A man of {} years.", 'the PMID "12345678" stands in two splits'),
    ],
    ids=["text", "PMID"],
)
def test_twins_across_splits_would_be_refused(tmp_path, monkeypatch, name, text, sentence):
    """Twins are dropped before; should that ever miss any, the check of the splits does not."""
    monkeypatch.setattr("medtune.studies.maccrobat.prepare.drop_twins", lambda documents, source: (documents, []))
    annotations = {name.format(n): (text.format(20 + n), "T1\tSex 2 5\tman\n") for n in range(10)}
    assert sentence in refusal(tmp_path, brat(tmp_path / "in", annotations))


def test_a_type_with_one_mention_is_learned_and_what_it_lacks_is_said(tmp_path, caplog):
    documents = {**plain(10), "single": ("A man of 178 cm.", "T1\tHeight 9 15\t178 cm\n")}
    with caplog.at_level(logging.WARNING):
        _, tags, manifest = run(tmp_path, brat(tmp_path / "in", documents))
    assert "B-Height" in tags["tags"] and "I-Height" in tags["tags"]
    assert manifest["types"]["Height"] == {
        "mentions": 1,
        "tier": "rare",
        "documents": {"train": 1, "validation": 0, "test": 0},
    }
    assert "type Height, of 1 mention, does not stand in validation and test" in caplog.text


def test_documents_without_entities_are_kept_and_named_and_those_without_words_dropped(tmp_path, caplog):
    documents = {**plain(10), "none": ("Nothing to see.", ""), "signs": ("\u200a \n", ""), "empty": ("", "")}
    with caplog.at_level(logging.WARNING):
        rows, _, manifest = run(tmp_path, brat(tmp_path / "in", documents))
    (row,) = [row for row in all_rows(rows) if row["id"] == "none"]
    assert row["tags"] == ["O"] * 4 and row["entities"] == []
    assert manifest["corpus"]["without_mentions"] == ["none"]
    assert "document none has no mentions: it is kept" in caplog.text
    assert manifest["dropped"] == [
        {"source": "maccrobat", "reason": "no text", "count": 2, "examples": ["empty", "signs"]}
    ]


def test_unknown_lines_are_counted_in_the_manifest(tmp_path):
    documents = plain(10)
    documents["c0"] = (documents["c0"][0], documents["c0"][1] + "Read by two\nE1\tAge:T1 \n")
    _, _, manifest = run(tmp_path, brat(tmp_path / "in", documents))
    assert manifest["corpus"]["unknown_lines"] == 1
    assert manifest["corpus"]["annotation_lines"] == {"E": 1, "T": 10}


def test_the_hub_s_json_gives_the_same_tags_as_the_brat_folder(tmp_path):
    documents = plain(10)
    records = [
        {"id": name, "full_text": text, "ner_info": [{"text": text[9:11], "label": "AGE", "start": 9, "end": 11}]}
        for name, (text, _) in documents.items()
    ]
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"data": records}))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    from_json, _, manifest = run(tmp_path / "a", {"format": "json", "path": str(path)})
    from_brat, _, _ = run(tmp_path / "b", brat(tmp_path / "in", documents))
    pairs = zip(all_rows(from_json), all_rows(from_brat), strict=True)
    assert all({**one, "source": ""} == {**other, "source": ""} for one, other in pairs)
    assert manifest["sources"][0]["sha256"] == {"data.json": sha256_of(path)}


def test_faulty_input_leaves_nothing_behind(tmp_path):
    source = brat(tmp_path / "in", {**plain(9), "x": ("A man.", "T1\tSex 2 9\tman\n")})
    assert "x.ann, line 1: T1 ends at 9" in refusal(tmp_path, source)


def test_too_few_documents_and_no_type_left_are_refused(tmp_path):
    source = brat(tmp_path / "in", plain(2))
    assert "2 documents are too few to split" in refusal(tmp_path, source)
    assert "1 document is too few to split" in refusal(tmp_path, brat(tmp_path / "single", plain(1)))
    assert refusal(tmp_path, source, rare="drop") == (
        "maccrobat: no entity type is left of 1; add documents or lower drop_below"
    )


def test_the_default_shares_are_those_of_the_study():
    splits = MaccrobatData(source={"format": "synthetic"}).splits
    assert [getattr(splits, split) for split in SPLITS] == [0.85, 0.075, 0.075]


def test_the_real_corpus_has_its_known_figures_and_keeps_its_contract(corpora, tmp_path):
    source = {"format": "brat", "path": str(corpora / "maccrobat")}
    settings = {"splits": {"train": 0.85, "validation": 0.075, "test": 0.075}, "tiers": {}}
    rows, tags, manifest = run(tmp_path, source, **settings)
    facts = manifest["corpus"]
    assert (facts["documents"], facts["mentions"], facts["types"]) == (200, 25189, 41)
    assert facts["overlaps"] == {"discontinuous": 39, "nested": 364, "same_span": 124, "repeated": 0, "crossing": 1}
    assert facts["documents_over_400_words_by_white_space"] == 100
    assert facts["unknown_lines"] == 0
    assert tags["counts"]["Height"] == tags["counts"]["Weight"] == 4
    assert len(tags["tags"]) == 83
    assert [list(tags["tiers"].values()).count(name) for name in ("frequent", "medium", "rare")] == [8, 13, 20]
    assert manifest["records"] == {"train": 170, "validation": 15, "test": 15}
    assert manifest["flattening"]["kept"] == 24713
    assert manifest["flattening"]["dropped_by_reason"] == {"discontinuous": 39, "same span": 121, "nested": 316}
    everywhere = [name for name, found in manifest["types"].items() if all(found["documents"].values())]
    assert set(tags["counts"]) - set(everywhere) == {"Mass"}  # two mentions
    for row in all_rows(rows):
        assert row["words"] == [row["text"][start:end] for start, end in row["offsets"]]
        kept = [Span(e["first"], e["last"], e["label"]) for e in row["entities"] if e["kept"]]
        assert spans_of(row["tags"]) == kept
    assert {row["id"] for row in all_rows(rows)} == {path.stem for path in Path(source["path"]).glob("*.txt")}


def test_a_license_is_recorded_only_where_it_is_known(tmp_path, corpora):
    own = brat(tmp_path / "own", plain(12))
    assert run(tmp_path, own)[2]["sources"][0]["licence"] is None
    assert run(tmp_path, own | {"license": "hospital only"})[2]["sources"][0]["licence"] == "hospital only"
    released = read_brat(corpora / "maccrobat", "released").documents
    assert is_release(reversed(released))
    assert is_release(replace(document, text=document.text.replace("\n", "\r\n")) for document in released)
    assert not is_release(released[1:])


@pytest.mark.parametrize(("layout", "kind"), [("brat", "folder"), ("json", "file")])
def test_a_corpus_that_is_not_there_is_told_with_where_to_get_it(tmp_path, layout, kind):
    sentence = refusal(tmp_path, {"format": layout, "path": str(tmp_path / "nowhere")})
    assert f"nowhere: no such {kind}. MACCROBAT 2020 is at https://doi.org/10.6084/m9.figshare.9764942" in sentence
    assert "CC BY 4.0" in sentence


def test_made_reports_are_split_as_made_and_what_was_read_before_is_counted(made):
    rows, _, manifest = made
    assert {split: {row["id"].split("/")[0] for row in of_split} for split, of_split in rows.items()} == {
        split: {split} for split in SPLITS
    }
    assert manifest["records"] == {"train": 18, "validation": 6, "test": 6}
    for split in ("validation", "test"):
        counts = manifest["held_out"][split]
        assert counts["pre-training text of published"] is None, "not known"
        for read in ("training split", "pre-training text of made"):
            assert {kind: found["shared"] for kind, found in counts[read].items()} == {
                "sentences": 0,
                "templates": 0,
                "held-out terms": 0,
            }
            assert all(found["held_out"] > 20 for found in counts[read].values())


def test_what_was_read_before_is_found(made, tmp_path, monkeypatch):
    monkeypatch.setattr("medtune.studies.maccrobat.generator.templates_of", lambda frame, split: (frame,))
    texts = [row["text"] for row in made[0]["test"]]
    monkeypatch.setattr("medtune.studies.maccrobat.prepare.pretraining_texts", lambda seed: texts)
    _, _, manifest = run(tmp_path, {"format": "synthetic", "documents": 30})
    counts = manifest["held_out"]["test"]
    assert counts["training split"]["templates"]["shared"] > 0
    assert counts["pre-training text of made"]["held-out terms"]["shared"] > 0


def test_own_reports_have_no_such_count(tmp_path):
    assert run(tmp_path, brat(tmp_path / "own", plain(12)))[2]["held_out"] is None
