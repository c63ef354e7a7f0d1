"""Outputs of summaries, and what of them the report shows."""


def summary_tables(study, title, shown, plain=(), caption=None):
    """Outputs of a summary's tables: a CSV each; those that are shown in the report as HTML as well. caption: what files
    of captions begin with, where that is not the study."""
    folder = f"{RESULTS}/{study}/summary"
    tables = {name: f"{folder}/{name}.csv" for name in (*shown, *plain)}
    pages = {
        f"{name}_html": _in_report(f"{folder}/{name}.html", caption or study, title, name, "Tables")
        for name in shown
    }
    return {**tables, **pages}


def summary_plots(study, title, names, caption=None):
    """Outputs of a summary's plots: PNG for pages, SVG for print and the report."""
    folder = f"{RESULTS}/{study}/summary"
    pngs = {f"{name}_png": f"{folder}/{name}.png" for name in names}
    svgs = {
        f"{name}_svg": _in_report(f"{folder}/{name}.svg", caption or study, title, name, "Plots")
        for name in names
    }
    return {**pngs, **svgs}


def readable_page(study, title, folder, name, caption=None):
    """Outputs of a readable document: Markdown, and a page in the report."""
    return {"page": f"{folder}/{name}.md", "page_html": page_in_report(caption or study, title, folder, name)}


def page_in_report(study, title, folder, name):
    """A page that is shown in the report."""
    return _in_report(f"{folder}/{name}.html", study, title, name, "Pages")


def _in_report(path, study, title, name, subcategory):
    """An output with its caption (workflow/report/{study}_{name}.rst) and its place in the report."""
    return report(
        path,
        caption=f"../workflow/report/{study}_{name}.rst",
        category=title,
        subcategory=subcategory,
        labels={"shows": name},
    )
