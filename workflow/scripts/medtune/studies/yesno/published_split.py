"""A test split that is given by its ids, such as PubMedQA's published one.

PubMedQA halves its 1,000 labelled questions by label into 500 of a test split, whose ids are the keys of
`data/test_ground_truth.json`, and 500 of ten-fold cross-validation (`preprocess/split_dataset.py`,
github.com/pubmedqa/pubmedqa). Here these other 500 are parted once, into train and validation.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import read_json
from medtune.studies.yesno.labels import canonical_label
from medtune.studies.yesno.questions import Question


def read_test_ids(path: Path | str) -> dict[str, str | None]:
    """The ids in the file's order, each with its label where the file names one.

    Raises InputError for anything but a JSON object with a key.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise InputError(f"{path}: expected a JSON object whose keys are the PubMed ids of the test split")
    return {key: canonical_label(value) for key, value in content.items()}


def part_test(
    questions: Sequence[Question], dropped: Sequence[Dropped], ids: Mapping[str, str | None], path: Path | str
) -> tuple[list[Question], list[Question]]:
    """The questions of the test split, in the order of the ids, and the others.

    dropped: records that were read and left out. path: of the ids, for messages. Raises InputError unless each id is of
    one question, with the label that the file names: a figure of a part of the split is not comparable.
    """
    by_key = defaultdict(list)
    for question in questions:
        by_key[question.key].append(question)
    left_out = {item.key: f"left out of the data ({item.reason})" for item in dropped}
    test = []
    for key, label in ids.items():
        where, found = f'{path}, id "{key}"', by_key.get(key, [])
        if not found:
            fault = left_out.get(key, "not in the data")
            raise InputError(f"{where}: {fault}; expected all ids of the test split among the questions")
        if len(found) > 1:
            sources = " and ".join(question.source for question in found)
            raise InputError(f"{where}: {len(found)} different questions have it, of {sources}; expected one")
        if label not in (None, found[0].label):
            raise InputError(f"{where}: its label is {label} there, and {found[0].label} in {found[0].source}")
        test += found
    return test, [question for question in questions if question.key not in ids]
