import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.json_output import parse_items, parse_lists

REQUIRED = {"value": str}
OPTIONAL = {"start": int}
WHOLE = '[{"value": "a", "start": 1}, {"value": "b", "start": 20}]'


def parse(output):
    parsed = parse_items(output, REQUIRED, OPTIONAL)
    return [item["value"] for item in parsed.items], parsed.status, parsed.dropped


def test_a_list_of_objects_is_ok():
    parsed = parse_items(f" \n{WHOLE}\n", REQUIRED, OPTIONAL)
    assert parsed.items == [{"value": "a", "start": 1}, {"value": "b", "start": 20}]
    assert (parsed.status, parsed.dropped) == ("ok", 0)


def test_an_empty_list_is_ok():
    assert parse("[ ]") == ([], "ok", 0)


def test_items_have_the_fields_asked_for_and_no_others():
    items = parse_items('[{"value": "a", "start": "1", "x": [1]}, {"value": "b"}]', REQUIRED, OPTIONAL).items
    assert items == [{"value": "a", "start": None}, {"value": "b", "start": None}]


@pytest.mark.parametrize(
    "output",
    ["", " ", "No entities.", "[The report] says", '[{"value": "a"} {"value": "b"}]', '[{"value": "a"}, oops]',
     '[{"value": "a"},]', '[{"value": "a", }]', "[{'value': 'a'}]", '[{"value": "a\nb"}]', '[{"value": NaN}]',
     '[{"value": "a"}; ', '[{"value": "\\x"}', '{"value": "a"', "5 findings", '```json\n[{"value": "a"}]\n```'],
)  # fmt: skip
def test_what_is_not_json_has_no_items(output):
    assert parse(output) == ([], "not_json", 0)


@pytest.mark.parametrize("output", ['{"value": "a"}', '"a"', "5", "null"])
def test_json_that_is_no_list_has_the_wrong_shape(output):
    assert parse(output) == ([], "wrong_shape", 0)


@pytest.mark.parametrize(
    "item",
    ["1", '"b"', "null", "[]", "{}", '{"value": 1}', '{"value": null}', '{"value": true}', r'{"value": "\ud800"}'],
)
def test_unusable_items_are_dropped_counted_and_not_ok(item):
    assert parse(f'[{{"value": "a"}}, {item}]') == (["a"], "wrong_shape", 1)


def test_numbers_and_truth_values_are_told_apart():
    fields = {"i": int, "f": float, "b": bool}
    assert parse_items('[{"i": 1, "f": 2, "b": true}]', {}, fields).items == [{"i": 1, "f": 2, "b": True}]
    assert parse_items('[{"i": true, "f": false, "b": 1}]', {}, fields).items == [dict.fromkeys("ifb")]
    assert parse_items('[{"i": 1.5, "f": 1e999}]', {}, fields).items == [dict.fromkeys("ifb")]
    assert parse_items(f'[{{"f": {"9" * 400}}}]', {"f": float}).dropped == 1


@pytest.mark.parametrize("end", range(1, len(WHOLE)))
def test_an_output_that_breaks_off_keeps_the_items_before(end):
    items, status, dropped = parse(WHOLE[:end])
    assert (status, dropped) == ("truncated", 0)
    assert items == ["a", "b"][: WHOLE[:end].count("}")]


@pytest.mark.parametrize("end", ['"c\\', '"c\\u', '"c\\u00e', "tru", "-", "1.", "1.5e-", "[1, {", '{"k": "]'])
def test_any_value_may_be_the_one_that_breaks_off(end):
    assert parse('[{"value": "a"}, {"value": ' + end) == (["a"], "truncated", 0)


def test_text_after_the_list_is_reported_and_the_items_are_kept():
    assert parse(WHOLE + "\nThat is all. []") == (["a", "b"], "trailing_text", 0)
    assert parse('[{"value": "a"}, 1] end') == (["a"], "trailing_text", 1)


def test_json_inside_strings_is_text():
    inner = json.dumps([{"value": 'x"]}'}])
    assert parse(json.dumps([{"value": inner}])) == ([inner], "ok", 0)


@pytest.mark.parametrize("opening", ["[", "[{", '[{"value":', '[{"value":"a"},['])
def test_endless_nesting_is_not_json(opening):
    assert parse(opening * 100_000) == ([], "not_json", 0)


def test_a_number_of_thousands_of_digits_is_not_json():
    assert parse(f'[{{"value": "a", "start": {"9" * 5000}}}]') == ([], "not_json", 0)


@pytest.mark.timeout(60)
def test_ten_thousand_items_take_bounded_time():
    output = "[" + ", ".join(['{"value": "{[\\"", "start": 3}'] * 10_000)
    items, status, dropped = parse(output)
    assert (len(items), status, dropped) == (10_000, "truncated", 0)


@given(st.text() | st.text('[]{}",:\\u123 truefalsn-.valuet\n'))
def test_nothing_raises(output):
    for text in (output, "[" + output, '[{"value": "a"}, ' + output):
        parse_items(text, REQUIRED, OPTIONAL)


@given(st.lists(st.fixed_dictionaries({"value": st.text(), "start": st.integers()})), st.booleans())
def test_what_json_writes_is_read_back(items, ascii_only):
    parsed = parse_items(json.dumps(items, ensure_ascii=ascii_only), REQUIRED, OPTIONAL)
    assert (parsed.items, parsed.status, parsed.dropped) == (items, "ok", 0)


LISTS = {"a": {"x": str}, "b": {"y": int}}
OBJECT = '{"a": [{"x": "1"}, {"x": "2"}], "b": [{"y": 3}, {"y": 4}]}'


def lists_of(output):
    parsed = parse_lists(output, LISTS)
    return [item["x"] for item in parsed.items["a"]], [item["y"] for item in parsed.items["b"]], parsed.status


def test_an_object_of_lists_is_ok_whatever_their_order():
    assert lists_of(OBJECT) == (["1", "2"], [3, 4], "ok")
    assert lists_of(' {"b": [], "a":[{"x":"1","z":0}]}\n') == (["1"], [], "ok")


@pytest.mark.parametrize("end", range(1, len(OBJECT)))
def test_an_object_that_breaks_off_is_cut_after_its_last_complete_item(end):
    first, second, status = lists_of(OBJECT[:end])
    assert (first + second) == ["1", "2", 3, 4][: OBJECT[:end].count("}")]
    assert status == "truncated"
    assert parse_lists(OBJECT[:end], LISTS).repaired == bool(first)


def test_only_an_output_that_breaks_off_is_repaired():
    assert not parse_lists(OBJECT, LISTS).repaired
    assert not parse_lists(OBJECT + " end", LISTS).repaired


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"a": [{"x": "1"}]}', (["1"], [])),
        ('{"a": [{"x": "1"}], "b": null}', (["1"], [])),
        ('{"a": [{"x": "1"}], "b": {"y": 3}}', (["1"], [])),
        ('{"a": [{"x": "1"}], "b": [], "c": [1]}', (["1"], [])),
        ('{"a": [{"x": "1"}], "b": [], "a": [{"x": "2"}]}', (["1"], [])),
        ('{"a": [{"x": "1"}, {"x": {"x": "2"}}], "b": [3]}', (["1"], [])),
        ("{}", ([], [])),
        ('[{"a": []}]', ([], [])),
    ],
)
def test_lists_that_are_missing_repeated_of_another_kind_or_not_asked_for_are_a_wrong_shape(output, expected):
    assert lists_of(output) == (*expected, "wrong_shape")


def test_unusable_items_are_counted_by_list():
    assert parse_lists('{"a": [1, {"x": 2}, {"x": "3"}], "b": [null]}', LISTS).dropped == {"a": 2, "b": 1}


def test_text_after_the_object_is_reported_and_the_items_are_kept():
    assert lists_of(OBJECT + OBJECT) == (["1", "2"], [3, 4], "trailing_text")


@pytest.mark.parametrize(
    "output",
    ["", "{a: []}", '{"a" []}', '{"a": [],}', '{"a": [{"x": "1"},]}', '{"a": [{"x": "1"}] "b"', "{5", "{true", "{, ",
     '{"a": [{"x": "1"}], "b": oops}', f"Here it is: {OBJECT}", '{"a": [NaN]}', '{"a":[{"x":"1"}],"b":' + "[" * 99_999],
)  # fmt: skip
def test_an_object_that_is_not_json_has_no_items(output):
    assert lists_of(output) == ([], [], "not_json")


@given(st.text() | st.text('[]{}",:\\ab x1truefalsn-.\n'))
def test_no_object_raises(output):
    for text in (output, "{" + output, '{"a": [' + output, '{"a": [{"x": "1"}], ' + output):
        parse_lists(text, LISTS)
