"""Base models from the Hugging Face hub."""

import shutil
from pathlib import Path

from medtune.config import HubModel
from medtune.errors import InputError, PassingError
from medtune.models.model_record import write_record

# Weights as safetensors, configuration, tokenizer, chat template; no code, no pickles.
PATTERNS = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]
# Other formats and sizes in subfolders; the same weights once more in their maker's own layout (Mistral).
IGNORED = ["*/*", "consolidated*"]


def fetch_from_hub(source: HubModel, name: str, folder: Path) -> None:
    """Download a repository's files into `folder`, at the commit that the revision resolves to now.

    The commit is recorded. A token is taken from where `huggingface_hub` looks for one.
    Raises InputError when the hub or the repository cannot be reached, needs a license to be accepted, or has
    no safetensors weights.
    """
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"hub model {source.repository}"
    try:
        info = HfApi().model_info(source.repository, revision=source.revision)
        if not any(file.rfilename.endswith(".safetensors") for file in info.siblings or []):
            raise InputError(
                f"{where}: no safetensors weights at revision {source.revision}; other formats can run code"
            )
        snapshot_download(
            source.repository,
            revision=info.sha,
            local_dir=folder,
            allow_patterns=PATTERNS,
            ignore_patterns=IGNORED,
        )
    except GatedRepoError as error:
        raise InputError(
            f"{where}: access is granted on request; accept its terms on the hub, then log in with `hf auth login`"
        ) from error
    except RevisionNotFoundError as error:
        raise InputError(f'{where}: no revision "{source.revision}"') from error
    except RepositoryNotFoundError as error:
        raise InputError(f"{where}: no such repository, or a private one that needs `hf auth login`") from error
    except (httpx2.TransportError, OfflineModeIsEnabled, HfHubHTTPError) as error:
        raise PassingError(
            f"{where}: the hub cannot be reached ({type(error).__name__}); run this step on a machine with internet, "
            "or give the model as `source: path`"
        ) from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the download's bookkeeping
    license = (info.card_data or {}).get("license") or "unknown"
    write_record(folder, name, source.model_dump(), license, commit=info.sha)
