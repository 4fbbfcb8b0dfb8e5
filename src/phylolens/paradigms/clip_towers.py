"""Networks that see images and read names, from published checkpoints. Imports torch, open_clip.

A checkpoint is a folder as it is published on the Hugging Face hub: ``open_clip_config.json``
beside the weights, which are read without running what is in them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from torch.nn.functional import normalize

from phylolens.embedding.threads import one_thread
from phylolens.embedding.tuning import ready_device
from phylolens.errors import InputError
from phylolens.images import UnreadableImage, decode, open_file

CONFIG = "open_clip_config.json"
WEIGHTS = ("*.safetensors", "*.bin", "*.pth")
AT_ONCE = 16  # images or names
HINT = "Give the folder that the checkpoint was downloaded to, with its " + CONFIG + "."


class Towers:
    """An image tower and a text tower.

    Parameters
    ----------
    path : Path
        Folder of the checkpoint, or the one file of weights in it.
    device : str
        ``auto`` is a CUDA device where there is one.

    Raises
    ------
    InputError
        If torch sees no such device; if the folder has no configuration, no weights, or weights
        that do not fit it; or a file is given that is not the only one of its folder.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        self.device = ready_device(device)
        source = f"local-dir:{_folder(path)}"
        try:
            model, _, self._prepare = open_clip.create_model_and_transforms(
                source, device=self.device, require_pretrained=True, weights_only=True
            )
            self._tokens: Any = open_clip.get_tokenizer(source)
        except Exception as error:  # of JSON, pickle, torch or the library, each in its own way
            problem = " ".join(str(error).split())
            raise InputError(
                f"not a checkpoint of open_clip ({problem}).", where=path, hint=HINT
            ) from error
        self._model = model.eval()
        self._side = int(np.max(model.visual.image_size))

    def see(self, paths: Sequence[Path]) -> np.ndarray:
        """Embed images, float32 of shape (n, k), each of length one.

        Raises
        ------
        InputError
            If an image cannot be read.
        """
        parts = []
        for at in range(0, len(paths), AT_ONCE):
            pixels = torch.stack([self._pixels(path) for path in paths[at : at + AT_ONCE]])
            parts.append(self._run(self._model.encode_image, pixels))
        return np.concatenate(parts)

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Embed names, float32 of shape (n, k), each of length one."""
        parts = []
        for at in range(0, len(texts), AT_ONCE):
            tokens = self._tokens(list(texts[at : at + AT_ONCE]))
            parts.append(self._run(self._model.encode_text, tokens))
        return np.concatenate(parts)

    def _run(self, tower: Any, inputs: torch.Tensor) -> np.ndarray:
        with one_thread(), torch.inference_mode():
            found: torch.Tensor = tower(inputs.to(self.device))
            return normalize(found.float(), dim=1).cpu().numpy()

    def _pixels(self, path: Path) -> torch.Tensor:
        try:
            with open_file(path) as file:
                return self._prepare(decode(file, self._side))
        except (OSError, UnreadableImage) as error:
            raise InputError(f"not a readable image ({error}).", where=path) from error


def _folder(path: Path) -> Path:
    folder = path if path.is_dir() else path.parent
    weights = sorted(file for pattern in WEIGHTS for file in folder.glob(pattern))
    if not (folder / CONFIG).is_file():
        raise InputError(f"there is no {CONFIG}.", where=folder, hint=HINT)
    if not weights:
        raise InputError("there are no weights.", where=folder, hint=HINT)
    if path != folder and weights != [path]:
        raise InputError(
            f"its folder holds {len(weights)} files of weights, and which of them is read is "
            "settled by their names.",
            where=path,
            hint="Give the folder, or leave one file in it.",
        )
    return folder
