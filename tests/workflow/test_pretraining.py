"""Further pre-training in the workflow: what is fine-tuned then is the pre-trained encoder, and the card says so."""

CARD = "results/tiny/maccrobat/tiny-bert/lr0.003/model/README.md"
TARGET = ("--profile", "tiny", CARD)


def config(**pretraining):
    return {
        "maccrobat": {
            "data": {"source": {"documents": 12}},
            "training": {"max_steps": 3},
            "pretraining": {"max_steps": 4, "cuttings": 2, **pretraining},
        }
    }


def test_the_pretrained_encoder_is_fine_tuned_and_only_what_stands_on_it_is_made_anew(workspace):
    workspace.succeed(*TARGET, config=config())
    base = workspace.json("results/tiny/models/tiny-bert/record.json")
    folder = "results/tiny/maccrobat/pretrained/tiny-bert"
    pretrained = workspace.json(f"{folder}/record.json")
    assert workspace.json(f"{folder}/pretraining.json")["base_model"] == base
    assert pretrained["name"] == "tiny-bert" and pretrained["fingerprint"] != base["fingerprint"]
    record = workspace.json("results/tiny/maccrobat/tiny-bert/lr0.003/training.json")
    assert record["base_model"] == pretrained
    assert "4 steps on masked words of the training documents, seed 42" in workspace.read(CARD)

    again = workspace.succeed("-n", *TARGET, config=config())
    assert "Nothing to be done" in again
    changed = workspace.succeed("-n", *TARGET, config=config(mask_share=0.3))
    assert "maccrobat_pretrain" in changed and "maccrobat_train" in changed
    assert "maccrobat_prepare" not in changed and "make_model" not in changed
