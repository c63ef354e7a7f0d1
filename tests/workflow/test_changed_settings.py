"""After a run: a setting that changes makes anew what depends on it, and nothing before that."""

import pytest

from tests.workflow.conftest import QUICK
from tests.workflow.test_dry_run import jobs

TRAINING, WARMER = {"training": {"warmup": 0.2}}, {"generation": {"temperature": 0.1}}
LONGER = {"generation": {"max_new_tokens": 400}}


def test_training_settings_train_anew(quick_run):
    study = QUICK["yesno"]
    config = QUICK | {"yesno": study | {"training": study["training"] | {"warmup": 0.2}}}
    found = jobs(quick_run.succeed("-n", "--profile", "tiny", "yesno", config=config))
    assert (found["yesno_train"], found["yesno_generate"]) == (2, 2)
    assert not {"yesno_prepare", "yesno_generate_base", "make_model"} & set(found)


def test_longer_answers_choose_the_checkpoint_anew(quick_run):
    longer = QUICK["yesno"] | {"generation": QUICK["yesno"]["generation"] | {"max_new_tokens": 25}}
    found = jobs(quick_run.succeed("-n", "--profile", "tiny", "yesno", config=QUICK | {"yesno": longer}))
    assert (found["yesno_train"], found["yesno_generate"]) == (2, 2)
    assert "yesno_prepare" not in found


@pytest.mark.demo
@pytest.mark.parametrize(
    ("study", "change", "again", "kept"),
    [
        ("yesno", TRAINING, {"yesno_train", "yesno_generate"}, {"yesno_prepare", "yesno_generate_base"}),
        ("yesno", WARMER, {"yesno_generate", "yesno_generate_base"}, {"yesno_train"}),
        ("radgraph", TRAINING, {"radgraph_train", "radgraph_generate"}, {"radgraph_prepare", "radgraph_generate_base"}),
        ("radgraph", WARMER, {"radgraph_generate", "radgraph_generate_base"}, {"radgraph_train"}),
        ("yesno", LONGER, {"yesno_train", "yesno_generate_base"}, {"yesno_prepare"}),
        ("radgraph", LONGER, {"radgraph_train", "radgraph_generate_base"}, {"radgraph_prepare"}),
        ("relations", LONGER, {"relations_train", "relations_generate_base"}, {"relations_prepare"}),
        ("maccrobat", TRAINING, {"maccrobat_train", "maccrobat_tag"}, {"maccrobat_prepare"}),
        ("maccrobat", {"window_tokens": 120}, {"maccrobat_train", "maccrobat_tag"}, {"maccrobat_prepare"}),
        ("maccrobat", {"tagging": {"cuttings": 2}}, {"maccrobat_tag", "maccrobat_score"}, {"maccrobat_train"}),
        ("meerkat", TRAINING, {"meerkat_train", "meerkat_generate"}, {"meerkat_prepare", "meerkat_generate_base"}),
        ("meerkat", WARMER, {"meerkat_generate", "meerkat_generate_base"}, {"meerkat_prepare"}),
        ("relations", TRAINING, {"relations_train", "relations_generate"}, {"relations_prepare"}),
        ("relations", WARMER, {"relations_generate", "relations_generate_base"}, {"relations_train"}),
    ],
)
def test_a_changed_setting_makes_anew_what_depends_on_it(tiny_run, study, change, again, kept):
    found = set(jobs(tiny_run.succeed("-n", study, "--profile", "tiny", config={study: change})))
    assert again <= found
    assert not kept & found


@pytest.mark.demo
def test_what_changes_only_the_speed_makes_nothing_anew(tiny_run):
    config = {study: {"generation": {"batch_tokens": 4096}} for study in ("yesno", "radgraph", "meerkat", "relations")}
    config["maccrobat"] = {"tagging": {"batch_tokens": 1024}}
    assert "Nothing to be done" in tiny_run.succeed("-n", "--profile", "tiny", config=config)
