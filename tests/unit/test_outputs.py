from medtune.workflow.outputs import Outputs
from tests.imports import check_no_torch

FOLDER = "results/tiny/notes/summary"


def outputs() -> Outputs:
    def report(path, **place):
        return path, place

    return Outputs("results/tiny", report)


def place(name: str, subcategory: str, study: str = "notes") -> dict:
    """How an output is marked for the report."""
    return {
        "caption": f"../workflow/report/{study}_{name}.rst",
        "category": "My notes",
        "subcategory": subcategory,
        "labels": {"shows": name},
    }


def test_only_tables_that_are_shown_have_a_page():
    assert outputs().tables("notes", "My notes", iter(["runs"]), ["seeds"]) == {
        "runs": f"{FOLDER}/runs.csv",
        "seeds": f"{FOLDER}/seeds.csv",
        "runs_html": (f"{FOLDER}/runs.html", place("runs", "Tables")),
    }


def test_of_a_plot_the_report_shows_the_drawing():
    assert outputs().plots("notes", "My notes", ["curves"]) == {
        "curves_png": f"{FOLDER}/curves.png",
        "curves_svg": (f"{FOLDER}/curves.svg", place("curves", "Plots")),
    }


def test_a_readable_document_is_where_it_is_said_to_be():
    assert outputs().readable("notes", "My notes", "elsewhere", "readiness") == {
        "page": "elsewhere/readiness.md",
        "page_html": ("elsewhere/readiness.html", place("readiness", "Pages")),
    }


def test_studies_of_the_users_own_share_their_captions():
    mine = outputs()
    assert mine.tables("notes", "My notes", ["runs"], caption="own")["runs_html"][1] == place("runs", "Tables", "own")
    assert mine.plots("notes", "My notes", ["curves"], "own")["curves_svg"][1] == place("curves", "Plots", "own")
    readable = mine.readable("notes", "My notes", FOLDER, "summary", "own")
    assert readable["page_html"] == (f"{FOLDER}/summary.html", place("summary", "Pages", "own"))


def test_rules_import_no_torch():
    check_no_torch("medtune.workflow.outputs")
