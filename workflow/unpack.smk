"""Where the rules are when Snakemake reads the workflow out of a repository (`github(…)`): it fetches single files and knows
nothing of the library, so the whole commit is unpacked beside its cache first."""

import os
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory


def rules_folder(here):
    """Folder of the rules. here: folder of this file, on this machine or in a repository."""
    if isinstance(here, os.PathLike):
        return Path(here).parent / "rules"
    repository = here.hosted_repo.repo
    commit = repository.commit(here.ref).hexsha
    folder = Path(workflow.sourcecache.cache_path, "medtune", commit)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as scratch:
            archive, content = Path(scratch, "commit.tar"), Path(scratch, "content")
            repository.git.archive(commit, output=str(archive))
            with tarfile.open(archive) as packed:
                # Python 3.11 has filters from 3.11.4 on; Debian 12 has an earlier one.
                packed.extractall(content, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            try:
                content.rename(folder)
            except OSError:
                if not folder.exists():  # else another process was faster
                    raise
    return folder / "rules"
