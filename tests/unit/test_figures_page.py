import pytest

from medtune.errors import InputError
from medtune.reporting.figures_page import replace_block, write_page

CSV = """model,accuracy,accuracy_low,accuracy_high,n,gain,gain_low,gain_high,p
base,0.25,0.125,0.5,8,,,,
rank 4,0.875,0.5,0.98,8,-0.05,-0.1,0.025,0.002
"""


@pytest.fixture
def results(tmp_path):
    (tmp_path / "results/tiny").mkdir(parents=True)
    (tmp_path / "results/tiny/ranks.csv").write_text(CSV)
    (tmp_path / "results/tiny/headline.txt").write_text("rank 4 it is\n")
    return tmp_path / "results"


def filled(results, text):
    template = results.parent / "page.md.j2"
    template.write_text(text)
    write_page(template, results.parent / "page.md", results)
    return (results.parent / "page.md").read_text()


def test_a_table_shows_shares_with_interval_and_n_and_missing_cells_as_a_dash(results):
    page = filled(
        results,
        "{{ table('tiny/ranks.csv', text('model', 'model'), share('accuracy', 'accuracy', n='n'),"
        " points('gain', 'gain'), p_value('p', 'p')) }}\n",
    )
    assert page.splitlines() == [
        "| model | accuracy | gain | p |",
        "| --- | --- | --- | --- |",
        "| base | 25.0 % (12.5–50.0, n = 8) | – | – |",
        "| rank 4 | 87.5 % (50.0–98.0, n = 8) | −5.0 points (−10.0 to +2.5) | 0.002 |",
    ]


def test_rows_are_chosen_by_their_values_and_scores_have_digits(results):
    page = filled(results, "{{ table('tiny/ranks.csv', score('a', 'accuracy', digits=2), model='base') }}\n")
    assert page.splitlines()[2:] == ["| 0.25 (0.12–0.50) |"]


def test_a_line_is_taken_as_it_is(results):
    assert filled(results, "{{ line('tiny/headline.txt') }}\n") == "rank 4 it is\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ table('tiny/none.csv', text('a', 'a')) }}", "none.csv"),
        ("{{ table('tiny/ranks.csv', text('a', 'absent')) }}", 'no column "absent"'),
        ("{{ table('tiny/ranks.csv', text('a', 'model'), model='rank 8') }}", "no row with"),
        ("{{ table('tiny/ranks.csv', text('a', 'model'), absent=1) }}", "no column absent"),
    ],
)
def test_a_figure_that_is_not_there_is_an_error_and_leaves_the_page_as_it_was(results, text, fault):
    (results.parent / "page.md").write_text("old")
    with pytest.raises(InputError, match=fault):
        filled(results, text)
    assert (results.parent / "page.md").read_text() == "old"


def test_a_block_is_replaced_and_what_is_around_it_stays(results):
    page, template = results.parent / "README.md", results.parent / "block.j2"
    page.write_text("before\n<!-- figures -->\nold\nold\n<!-- end of figures -->\nafter\n")
    template.write_text("{{ line('tiny/headline.txt') }} \\1\n")
    replace_block(page, "figures", template, results)
    replace_block(page, "figures", template, results)
    assert page.read_text() == "before\n<!-- figures -->\nrank 4 it is \\1\n<!-- end of figures -->\nafter\n"


def test_a_page_without_the_block_is_refused(results):
    page, template = results.parent / "README.md", results.parent / "block.j2"
    page.write_text("nothing\n")
    template.write_text("x")
    with pytest.raises(InputError, match="expected one block"):
        replace_block(page, "figures", template, results)
