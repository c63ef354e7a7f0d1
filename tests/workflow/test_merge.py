"""Merging as a stage of the workflow."""

from tests.workflow.conftest import QUICK_RADGRAPH
from tests.workspace import Workspace

FOLDER = "results/tiny/radgraph/OBS-DA"


def test_an_adapter_is_merged_later_without_being_trained_again(quick_radgraph, tmp_path):
    space = Workspace(tmp_path / "medtune", like=quick_radgraph)
    config = {**QUICK_RADGRAPH, "radgraph": {**QUICK_RADGRAPH["radgraph"], "merge": True}}
    output = space.succeed("--profile", "tiny", f"{FOLDER}/NER_qwen2.5_final", config=config)
    assert "radgraph_merge" in output and "radgraph_train" not in output
    record = space.json(f"{FOLDER}/merge.json")
    assert record["fingerprint"] == space.json(f"{FOLDER}/NER_qwen2.5_final/record.json")["fingerprint"]
    assert record["mean_abs_logit_difference"] < record["base_without_adapter"]["mean_abs_logit_difference"]
