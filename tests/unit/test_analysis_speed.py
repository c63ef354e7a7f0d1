import json
from itertools import count

import pytest

from medtune.files import write_json, write_jsonl
from medtune.methods.encoder.tagger import Tagger, TaggerSettings
from medtune.methods.encoder.tagging import mean_logits
from medtune.studies.maccrobat.analysis.speed import (
    PRECISION_COLUMNS,
    STREAMING,
    TOGETHER,
    WAYS,
    Round,
    Tagged,
    Variant,
    Way,
    hours_for,
    hours_in_words,
    precision_rows,
    speed_rows,
    streaming_rows,
)
from medtune.studies.maccrobat.analysis.speed_measurement import measure, spread, tagger_loader, time_round
from medtune.studies.maccrobat.analysis.stages.analyse_speed import COLUMNS, PLOTS, analyse_speed
from tests.unit.analysis_cases import row

FP32, INT8 = Variant("cpu", "fp32"), Variant("cpu", "int8")
LARGE = Way(TOGETHER, 32)
ROWS = [row("a b", "B-A O", "x"), row("c d e f", "O B-A I-A O", "y")]


def gold_tagger(rows, batch_size):
    return [given["tags"] for given in rows]


def ticking(seconds=1.0):
    ticks = count()
    return lambda: seconds * next(ticks)


def passes(variant, way, *seconds):
    return [Round(variant, way, 2, 6, (value,)) for value in seconds]


def test_streaming_times_each_document_and_together_all_at_once():
    calls = []

    def tag(rows, batch_size):
        calls.append((len(rows), batch_size))

    streamed = time_round(tag, FP32, Way(STREAMING, 1), ROWS, ticking())
    together = time_round(tag, FP32, LARGE, ROWS, ticking())
    assert (streamed.seconds, together.seconds) == ((1, 1), (1,))
    assert calls == [(1, 1), (1, 1), (2, 32)]
    assert (together.documents, together.words, together.documents_per_second) == (2, 6, 2)


def test_the_range_is_the_slowest_and_the_fastest_round():
    (found,) = speed_rows(passes(FP32, LARGE, 1, 2, 4))
    speeds = [found[f"documents_per_second{end}"] for end in ("_low", "", "_high")]
    assert speeds == [0.5, 1, 2]
    assert found["words_per_second"] == 3
    assert found["hours_for_10000_low"] < found["hours_for_10000"] < found["hours_for_10000_high"]
    assert found["latency_ms"] is None


def test_latencies_are_over_the_documents_of_all_rounds():
    rounds = [Round(FP32, Way(STREAMING, 1), 2, 6, seconds) for seconds in ((0.1, 0.3), (0.2, 0.4))]
    (found,) = speed_rows(rounds)
    assert found["latency_ms"] == pytest.approx(250)
    assert 250 < found["latency_ms_p95"] <= 400


def test_ten_thousand_notes_at_one_a_second_take_ten_thousand_seconds():
    assert hours_for(1.0) == pytest.approx(10_000 / 3600)
    words = hours_in_words(speed_rows(passes(FP32, LARGE, 2))[0])
    assert words.startswith("10,000 notes of 3 words take 2.8 hours (2.8 to 2.8 over 1 round")


@pytest.mark.parametrize(("hours", "duration"), [(2, "2.0 hours"), (0.5, "30.0 minutes"), (0.005, "18.0 seconds")])
def test_durations_have_the_unit_that_fits(hours, duration):
    row = speed_rows(passes(FP32, LARGE, 2))[0] | {f"hours_for_10000{end}": hours for end in ("", "_low", "_high")}
    assert f"take {duration} ({duration.split()[0]} to" in hours_in_words(row)


def test_streaming_is_compared_at_the_same_batch():
    rounds = passes(FP32, LARGE, 1, 2) + passes(FP32, Way(STREAMING, 32), 4, 4) + passes(FP32, Way(STREAMING, 1), 9)
    (found,) = streaming_rows(rounds)
    assert (found["ratio"], found["ratio_low"], found["ratio_high"]) == (3, 2, 4)


def test_lower_precision_is_compared_with_fp32_of_the_same_device():
    gold = [["B-A", "O"]] * 10
    worse = [["O", "O"]] * 10
    found = [Tagged(FP32, gold, 100.0, 900.0), Tagged(INT8, worse, 30.0, 800.0)]
    rounds = passes(FP32, LARGE, 2) + passes(INT8, LARGE, 1)
    reference, quantised = precision_rows(found, gold, rounds)
    assert (reference["f1"], reference["f1_less_fp32"], reference["finding"]) == (1, None, "the reference")
    assert (quantised["f1_less_fp32"], quantised["finding"], quantised["speed_ratio"]) == (-1, "worse than fp32", 2)
    assert (quantised["same_tags"], set(quantised)) == (0.5, set(PRECISION_COLUMNS))


def test_equal_tags_show_no_difference():
    gold = [["B-A", "O"]] * 3
    found = [Tagged(FP32, gold, 1.0, 1.0), Tagged(INT8, gold, 1.0, 1.0)]
    rows = precision_rows(found, gold, passes(FP32, LARGE, 1) + passes(INT8, LARGE, 1))
    assert rows[1]["finding"] == "no difference shown"


def test_rows_are_spread_evenly():
    assert spread([{"n": n} for n in range(6)], 3) == [{"n": 0}, {"n": 2}, {"n": 4}]
    assert len(spread(ROWS, 9)) == 2


def test_each_variant_tags_all_rows_once_and_each_way_is_timed_in_each_round():
    loaded = []

    def load(variant):
        loaded.append(variant)
        return gold_tagger, 5.0

    found, rounds = measure(load, [FP32, INT8], ROWS, timed=1, rounds=2, clock=ticking())
    assert loaded == [FP32, INT8]
    assert [len(tagged.tags) for tagged in found] == [2, 2]
    assert [(timed.variant, timed.way) for timed in rounds] == [
        (variant, way) for variant in (FP32, INT8) for _ in range(2) for way in WAYS
    ]
    assert {timed.documents for timed in rounds} == {1}


def test_the_whole_analysis_writes_every_file(tmp_path):
    write_jsonl(tmp_path / "test.jsonl", ROWS)
    outputs = {name: tmp_path / f"{name}.csv" for name in COLUMNS} | {"record": tmp_path / "speed.json"}
    outputs |= {f"{name}_{end}": tmp_path / f"{name}.{end}" for name in PLOTS for end in ("png", "svg")}
    analyse_speed(
        tmp_path / "test.jsonl",
        lambda variant: (gold_tagger, 5.0),
        [FP32, INT8],
        INT8,
        64,
        outputs,
        timed=2,
        rounds=2,
        threads=1,
    )
    assert all(path.stat().st_size for path in outputs.values())
    record = json.loads((tmp_path / "speed.json").read_text())
    assert len(record["speed"]) == 2 * (len(WAYS) + 1)
    reported = record["reported"]
    assert (reported["precision"], reported["mode"], reported["batch_size"]) == ("int8", TOGETHER, 64)
    assert record["hours"] == hours_in_words(reported)


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """A folder with a random BERT that tags, and its tags."""
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast, set_seed

    folder, tags = tmp_path_factory.mktemp("tagger"), ["O", "B-A", "I-A"]
    letters = [chr(number) for number in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    set_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
    )
    BertForTokenClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab={word: number for number, word in enumerate(vocabulary)}).save_pretrained(folder)
    settings = TaggerSettings(tags, 6, 1, 3, [[0.0] * 3] * 3, 99.0, 1.0, "float32")
    write_json(folder / "tagger.json", settings.as_dict())
    return folder, tags


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_every_precision_tags_every_word_and_smaller_ones_have_smaller_weights(tagger, precision):
    folder, tags = tagger
    load = tagger_loader(folder)
    tag, weights_mb = load(Variant("cpu", precision))
    found = tag(ROWS, 1)
    assert [len(row) for row in found] == [2, 4]
    assert {name for row in found for name in row} <= set(tags)
    whole = load(FP32)[1]
    assert weights_mb == whole if precision == "fp32" else weights_mb < whole


def test_what_is_timed_is_the_tagger_of_the_figures(tagger, monkeypatch):
    """With its window offsets and transition scores: both change what it does."""
    folder, _ = tagger
    offsets = []
    monkeypatch.setattr(
        "medtune.methods.encoder.tagger.mean_logits", lambda *given: offsets.append(given[5]) or mean_logits(*given)
    )
    tag, _ = tagger_loader(folder)(FP32)
    assert tag(ROWS, 1) == [found.tags for found in Tagger.load(folder, "cpu").tag_words(ROWS)]
    assert offsets == [3, 3]
    assert all(name == "O" for row in tag(ROWS, 1) for name in row), "the score of O is to have its say"
