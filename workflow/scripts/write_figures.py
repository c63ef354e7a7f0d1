"""Make the figures of README and docs anew from finished runs: `python write_figures.py [results]`."""

import sys
from pathlib import Path

from medtune.errors import InputError
from medtune.reporting.figures_page import replace_block, write_page

if __name__ == "__main__":
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    try:
        write_page(Path("docs/figures.md.j2"), Path("docs/figures.md"), results)
        replace_block(Path("README.md"), "figures", Path("docs/readme_figures.md.j2"), results)
    except InputError as error:
        sys.exit(str(error))
