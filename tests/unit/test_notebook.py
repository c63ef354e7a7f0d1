import base64
import os
import sys

import pytest

from medtune.studies.maccrobat import notebook_file as notebook
from medtune.studies.maccrobat.notebook_file import Code, Text, build, cells_of, execute, to_html


def test_cells_keep_their_order_and_have_steady_names():
    made = build([Text("# Title"), Code("1 + 1")], "name")
    assert [(cell.cell_type, cell.id) for cell in made.cells] == [("markdown", "cell-1"), ("code", "cell-2")]
    assert made == build([Text("# Title"), Code("1 + 1")], "name")


def test_each_block_of_python_is_a_cell_and_what_stands_between_two_is_one():
    markdown = "# Title\n\nText.\n\n```python\ndef f():\n    return 1\n\n\nf()\n```\n\n```python\n2\n```\n\nEnd\n"
    code = Code("def f():\n    return 1\n\n\nf()")
    assert cells_of(markdown) == [Text("# Title\n\nText."), code, Code("2"), Text("End")]


def test_a_page_needs_no_network_and_escapes_the_title():
    page = to_html(build([Text("# A\n\n$x$"), Code("1")], "a <b>"))
    assert "<script" not in page
    assert "<title>a &lt;b&gt;</title>" in page


def test_pictures_are_in_the_page_with_their_words(tmp_path):
    plot = b"\x89PNG\r\n\x1a\n"
    (tmp_path / "p.png").write_bytes(plot)
    made = build([Code("from IPython.display import Image; Image('p.png', alt='a < plot')")], "t")
    execute(made, tmp_path)
    encoded = base64.b64encode(plot).decode()
    assert f'alt="a &lt; plot" src="data:image/png;base64,{encoded}"' in to_html(made)


@pytest.mark.parametrize("longest", [notebook.LONGEST_SOCKET_FOLDER, 0])
def test_the_kernel_is_this_python_in_the_folder_given_and_leaves_the_environment_alone(tmp_path, monkeypatch, longest):
    """Over sockets in a folder, and over the loopback interface."""
    monkeypatch.setattr(notebook, "LONGEST_SOCKET_FOLDER", longest)
    monkeypatch.setenv("HOME", "/nowhere")
    before = dict(os.environ)
    made = build([Code("import os, sys; print(os.getcwd(), sys.prefix)")], "t")
    execute(made, tmp_path)
    assert made.cells[0].outputs[0].text == f"{tmp_path} {sys.prefix}\n"
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_fails_fails_the_notebook_and_writes_nothing(tmp_path):
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebook.write_notebook([Code("1 / 0")], "t", tmp_path / "a.ipynb", tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []
