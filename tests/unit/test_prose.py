from medtune.reporting.prose import counted, interval_text, listed, points


def test_figures_in_words():
    row = {"f1": 0.5, "f1_low": 0.4, "f1_high": 0.61, "p": None, "p_low": None, "p_high": None}
    assert interval_text(row, "f1") == "50.0 % (40.0–61.0)"
    assert interval_text(row, "f1", as_percent=False) == "0.50 (0.40–0.61)"
    assert interval_text(row, "p") == "none"
    assert points(0.012, -0.003, 0.027, of="F1 points") == "+1.2 F1 points (-0.3 to +2.7)"
    assert points(0.0, -0.0001, 0.01) == "+0.0 points (+0.0 to +1.0)"


def test_counts_and_lists_in_words():
    assert (counted(1, "run"), counted(2, "run"), counted(0, "entity", "entities")) == ("1 run", "2 runs", "0 entities")
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]
