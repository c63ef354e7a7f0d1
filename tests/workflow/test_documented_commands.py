"""Every command that README, docs and comments of the configuration print is run as printed: Snakemake's as dry runs,
make's as `make -n`. A new one is found by itself."""

import re
import shlex
import shutil

import pytest

from tests.documents import files_shown
from tests.workspace import ROOT, Workspace

PAGES = [
    *("README.md", "config/README.md"),
    *(
        str(path.relative_to(ROOT))
        for at in ("docs/*.md", "config/*.yaml", "profiles/*/*.yaml")
        for path in ROOT.glob(at)
    ),
]
ELSEWHERE = ("git", "cd", "source", "scancel", "wandb", "hf", "pip")
"""First words of commands that are other programs' own."""
WRITTEN = {"my/reports/a.txt": "No effusion.\n", "my/notes/a.txt": "Aspirin.\n", "my.yaml": "yesno: {ranks: [4]}\n"}
"""What the commands name as the user's own, beside the files that a page shows with their names."""
SAID = {
    "annotate": "--config 'radgraph={annotate: {format: folder, path: my/reports}}'",
    "predict": "--config 'relations={predict: {format: folder, path: my/notes}}'",
    "extract": "--config 'maccrobat={extract: {format: folder, path: my/notes}}'",
}
"""Of targets that a file of the configuration is to say something for: what it says."""


def commands(text: str) -> list[str]:
    """Commands of code blocks and inline code, without comments; values alone (`--config …`) as those of a tiny run."""
    text = re.sub(r"^\s*# ?", "", text, flags=re.MULTILINE) if "```" not in text else text
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    inline = [" ".join(code.split()) for code in inline]
    lines += [code for code in inline if re.match(r"(snakemake|make) ", code)]
    lines += [f"snakemake --profile tiny {code}" for code in inline if re.match(r"--config(file)? \S", code)]
    parts = (part for line in lines for part in re.sub(r"\s# .*|^#.*", "", line).split("&&"))
    return [part.strip() for part in parts if part.strip()]


DOCUMENTED = sorted({c.replace("…", "tiny") for page in PAGES for c in commands((ROOT / page).read_text())})
RUN = [command for command in DOCUMENTED if shlex.split(command)[0] not in ELSEWHERE]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Workspace:
    """A clone with the files of the user's that the pages name."""
    space = Workspace(tmp_path_factory.mktemp("documented") / "medtune")
    for path, content in {**WRITTEN, **shown_files()}.items():
        (space.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (space.folder / path).write_text(content)
    for name in ("Makefile", "requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, space.folder)
    return space


def shown_files() -> dict[str, str]:
    """YAML that README shows under its file's name, and the files of the page on own studies."""
    blocks = re.findall(
        r"^```yaml\n# (\S+\.yaml)\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    pages = ("docs/own_study.md", "docs/methods.md")
    return {**dict(blocks), **{name: text for page in pages for name, text in files_shown(ROOT / page).items()}}


def dry(command: str) -> str:
    """The command without its work."""
    if command.startswith("make "):
        return command.replace("make ", "make -n ", 1)
    if "--lint" in command or "--unlock" in command:
        return command
    given = next((SAID[word] for word in command.split() if word in SAID and "--config" not in command), "")
    command = re.sub(r" --report \S+", "", command)  # a report needs results; tests/workflow/test_tiny.py makes it
    return f"{command} --dry-run --quiet rules {given}"


def test_commands_are_found_in_blocks_and_in_lines():
    text = (
        "```bash\nmake demo  # all\ncd a && snakemake -n\n```\nRun `snakemake\n  yesno`, or `--config seed=1`; `--x`."
    )
    assert commands(text) == [
        "make demo",
        "cd a",
        "snakemake -n",
        "snakemake yesno",
        "snakemake --profile tiny --config seed=1",
    ]
    assert commands("# Run `snakemake --profile … a`:\n# `--config 'b={c: 1}'` does.") == [
        "snakemake --profile … a",
        "snakemake --profile tiny --config 'b={c: 1}'",
    ]
    assert {"snakemake --profile tiny", "make demo", "snakemake yesno --profile gpu --configfile mine.yaml"} <= set(RUN)


def passed_over(text: str) -> list[str]:
    """Code with a command of this workflow that `commands` does not find: in blocks of another language, or after
    variables."""
    block = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
    lines = [line for found in block.findall(text) for line in re.split(r"\n|&&", re.sub(r"\s# .*", "", found))]
    lines += re.findall(r"`([^`]+)`", block.sub("", text))
    lines = [" ".join(re.sub(r"\n\s*# ?", " ", line).split()) for line in lines]
    return [
        line for line in lines if re.search(r"(?<![\w./])(snakemake|make) -*[a-z]", line) and line not in commands(text)
    ]


def test_a_command_in_a_form_that_is_not_read_is_noticed():
    shown = [
        "```console\n$ make demo\n```",
        "Run `A=1 snakemake\nyesno`.",
        "```\nsnakemake yesno\n```",
        "# `B=2 make demo`",
    ]
    assert [len(passed_over(text)) for text in shown] == [1, 1, 1, 1]
    assert passed_over("```bash\ncd a && make demo  # all\n```\nRun `snakemake\n  -n`.") == []


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_is_passed_over(page):
    assert passed_over((ROOT / page).read_text()) == []


@pytest.mark.parametrize("command", RUN)
def test_a_documented_command_is_accepted(clone, command):
    done = clone.type(dry(command))
    assert done.returncode == 0, done.stdout[-3000:]
