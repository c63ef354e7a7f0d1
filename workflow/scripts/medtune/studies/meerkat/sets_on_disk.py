"""Rows as Hugging Face data sets on disk, as `datasets.load_from_disk` opens them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from medtune.files import atomic


def write_set(folder: Path | str, rows: Iterable[dict[str, str]], columns: Sequence[str]) -> None:
    """Write text columns of the rows as one data set; the folder appears when it is complete. The bytes depend on the
    rows alone. There may be no rows."""
    import datasets

    datasets.disable_progress_bars()
    rows = list(rows)
    features = datasets.Features({column: datasets.Value("string") for column in columns})
    values = datasets.Dataset.from_dict({column: [row[column] for row in rows] for column in columns}, features)
    with atomic(folder) as temporary:
        values.save_to_disk(temporary, num_shards=1)  # by default a set without rows gets no file, and cannot be opened
