"""Notebooks: built from cells, executed in a kernel of this Python, and written as .ipynb and as one HTML page."""

import contextlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from medtune.files import write_text

CELL_SECONDS = 120
"""Most time that a cell may take."""
LONGEST_SOCKET_FOLDER = 50
"""Unix sockets have paths of 107 characters at most; the kernel adds some 50 to its folder."""
# The page of nbconvert's JupyterLab look, without the scripts that it would load from the internet, and with the words
# for those who do not see a picture: nbconvert leaves out IPython's `alt`.
PAGE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock html_head_js -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output {{ extra_class }}">
<img src="data:image/png;base64,{{ output.data['image/png'] | escape_html }}" \
alt="{{ (output | get_metadata('alt', 'image/png') or '') | escape_html }}">
</div>
{%- endblock data_png %}
"""


@dataclass(frozen=True)
class Text:
    """A cell of Markdown."""

    source: str


@dataclass(frozen=True)
class Code:
    """A cell of Python."""

    source: str


Cell = Text | Code

_FENCED = re.compile(r"^```python\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def cells_of(markdown: str) -> list[Cell]:
    """A cell for each block of Python in a Markdown document, and for what stands between two of them."""
    parts = zip(itertools.cycle((Text, Code)), _FENCED.split(markdown), strict=False)
    return [kind(part.strip("\n")) for kind, part in parts if part.strip()]


def write_notebook(cells: Sequence[Cell], title: str, ipynb: Path | str, html: Path | str) -> None:
    """Execute the cells in the folder of `ipynb`, and write notebook and page atomically.

    The same cells on the same files give the same bytes. Raises nbclient's CellExecutionError when a cell fails.
    """
    notebook = build(cells, title)
    folder = Path(ipynb).parent
    folder.mkdir(parents=True, exist_ok=True)
    execute(notebook, folder)
    write_text(ipynb, nbformat.writes(notebook) + "\n")
    write_text(html, to_html(notebook))


def build(cells: Sequence[Cell], title: str) -> Any:
    """A notebook of these cells, not yet executed."""
    made = [
        (nbformat.v4.new_markdown_cell if isinstance(cell, Text) else nbformat.v4.new_code_cell)(
            cell.source, id=f"cell-{number}"
        )
        for number, cell in enumerate(cells, start=1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=made, metadata={"title": title, "kernelspec": kernel})


def execute(notebook: Any, folder: Path | str) -> None:
    """Run all cells in order, with `folder` as the working directory, and keep their outputs in the notebook.

    The kernel is this Python. It talks over sockets in a temporary folder (over the loopback interface where that has
    a long path), and reads and writes no files of the user's Jupyter. No network is needed.
    """
    from nbclient import NotebookClient
    from traitlets.config import Config

    with _own_jupyter() as scratch:
        sockets = {"transport": "ipc", "ip": f"{scratch}/kernel"} if len(scratch) <= LONGEST_SOCKET_FOLDER else {}
        NotebookClient(
            notebook,
            config=Config(KernelManager=sockets),
            kernel_name="python3",
            timeout=CELL_SECONDS,
            record_timing=False,
            resources={"metadata": {"path": str(Path(folder).absolute())}},
        ).execute()


def to_html(notebook: Any) -> str:
    """The notebook as one page that needs no other file and no network."""
    from nbconvert.exporters import HTMLExporter

    page, _ = HTMLExporter(raw_template=PAGE).from_notebook_node(notebook)
    return page


@contextlib.contextmanager
def _own_jupyter() -> Iterator[str]:
    """Jupyter's and IPython's folders in a temporary one, whose path is yielded: home may not be writable, and the
    user's settings and kernels are not to change the result."""
    with tempfile.TemporaryDirectory(prefix="nb-") as scratch:
        changed = {
            "JUPYTER_RUNTIME_DIR": scratch,
            "JUPYTER_DATA_DIR": f"{scratch}/data",
            "JUPYTER_CONFIG_DIR": f"{scratch}/config",
            "JUPYTER_NO_CONFIG": "1",
            "IPYTHONDIR": f"{scratch}/ipython",
            # Debuggers warn of Python's frozen modules at each start.
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            yield scratch
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
