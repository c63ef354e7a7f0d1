"""What a page of documentation shows: files under their names, and commands."""

import re
from pathlib import Path


def files_shown(page: Path) -> dict[str, str]:
    """Content by path of the blocks that stand right below the name of their file: `my/notes.csv`:"""
    text = page.read_text(encoding="utf-8")
    return dict(re.findall(r"^`([^`\s]+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def commands_shown(page: Path) -> list[str]:
    """The lines of its blocks of shell commands."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
