"""The code that ships with a model: the code that ran, in a file that needs nothing of this package."""

import ast

import pytest

from medtune.stages.standalone import standalone


def test_a_function_ships_with_all_that_it_uses_and_nothing_else():
    text = standalone("About.", "medtune.data.words", ["sentence_starts"])
    names = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {"sentence_starts", "Word", "sentences", "_ends"} <= names
    assert "word_range" not in names
    assert text.startswith('"""About.\n"""\n')
    assert "medtune" not in text
    space: dict = {}
    exec(compile(text, "shipped", "exec"), space)
    words = [space["Word"](*found) for found in (("A", 0, 1), (".", 1, 2), ("B", 3, 4))]
    assert space["sentence_starts"]("A.\nB", words) == [0, 2]


def test_a_constant_ships_once_with_its_explanation():
    text = standalone("About.", "medtune.data.bio", ["spans_of", "tags_of", "RULE"])
    assert text.count("OUTSIDE, BEGIN, INSIDE =") == 1
    windows = standalone("About.", "medtune.data.alignment", ["windows"])
    assert windows.count('"""A window gives up at most one part') == 1


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Modules of a package of this name's kind."""
    import medtune

    monkeypatch.setattr(medtune, "__path__", [*medtune.__path__, str(tmp_path)])
    return tmp_path


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        (
            "from medtune.made_two import g\nX = 1\ndef f():\n    return X + g()",
            "X = 2\ndef g():\n    return X",
            '"X" is',
        ),
        ("def f():\n    from medtune.made_two import g\n    return g()", "def g():\n    pass", "inside a function"),
        ("from medtune.made_two import g as h\ndef f():\n    return h()", "def g():\n    pass", "under another name"),
        ("def g():\n    pass", "", 'defines no "f"'),
    ],
)
def test_what_would_not_run_elsewhere_is_refused(package, one, two, message):
    (package / "made_one.py").write_text(one)
    (package / "made_two.py").write_text(two)
    with pytest.raises(ValueError, match=message):
        standalone("About.", "medtune.made_one", ["f"])
