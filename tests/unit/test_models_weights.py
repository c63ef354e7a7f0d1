"""An encoder whose weights are not those of its configuration is refused before it is trained."""

import shutil

import pytest
from safetensors.torch import load_file, save_file

from medtune.errors import InputError
from medtune.models.loading import load_tagger, load_with_new_head
from tests.unit.tiny_tagger import TAGS, tiny_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    for part in tiny_encoder():
        part.save_pretrained(folder)
    return folder


def with_weights(encoder, folder, change):
    """The encoder's folder with other weights."""
    shutil.copytree(encoder, folder)
    weights = change(load_file(folder / "model.safetensors"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_an_encoder_lacks_its_head_alone(encoder):
    model, _ = load_with_new_head(encoder, TAGS, 1)
    assert model.classifier.out_features == len(TAGS)


def test_a_head_for_other_tags_is_replaced(encoder, tmp_path):
    model, tokenizer = load_with_new_head(encoder, TAGS, 1)
    for part in (model, tokenizer):
        part.save_pretrained(tmp_path)
    again, _ = load_with_new_head(tmp_path, TAGS[:3], 1)
    assert again.classifier.out_features == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda held: {name.replace("bert.", "model.encoder_of_mine.", 1): value for name, value in held.items()},
            r"the weights lack 21 of the model's, such as bert\.embeddings\.LayerNorm\.bias, which would be random; "
            r"they have 26 that the model lacks, such as model\.encoder_of_mine\.embeddings\.LayerNorm\.bias;",
        ),
        (
            lambda held: {name: value for name, value in held.items() if ".layer.0." not in name},
            r"the weights lack 16 of the model's, such as bert\.encoder\.layer\.0\.attention\.output\.LayerNorm\.bias,",
        ),
        (
            lambda held: {
                name: value[:, :8].contiguous() if "position_embeddings" in name else value
                for name, value in held.items()
            },
            r"the weights lack 1 of the model's, such as bert\.embeddings\.position_embeddings\.weight",
        ),
    ],
    ids=["another prefix", "a layer missing", "another shape"],
)
def test_weights_that_are_not_those_of_the_configuration_are_refused(encoder, tmp_path, change, sentence):
    folder = with_weights(encoder, tmp_path / "other", change)
    with pytest.raises(InputError, match=sentence) as caught:
        load_with_new_head(folder, TAGS, 1)
    assert str(caught.value).startswith(f"{folder}: ") and "\n" not in str(caught.value)


def test_a_tagger_has_its_head_too(encoder):
    with pytest.raises(InputError, match=r"the weights lack 2 of the model's, such as classifier\.bias"):
        load_tagger(encoder, "cpu")
