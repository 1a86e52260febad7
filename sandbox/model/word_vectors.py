"""Real vectors of texts, made on this machine: WordLlama's, of 256 numbers, from two files in the wheel ``wordllama``.

A text's vector is the mean of its tokens' (the model's own pooling), so texts that mean the same are near each other
even where they share no word. The package itself is not imported: its loader looks for the tokenizer elsewhere, and
asks a hub for it. Where the wheel is not there (no Python beyond 3.13 has it) there are no such vectors.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

DIMENSIONS = 256
"""Numbers of a vector."""

SWITCH = "SANDBOX_VECTORS"
"""Environment variable: ``off`` does without vectors, as if the wheel were not there."""

_PACKAGE = "wordllama"
_WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")

_loading = threading.Lock()


def name() -> str | None:
    """Return what makes the vectors, ``WordLlama 0.3.9 (256 numbers)``, or None where there are none."""
    return f"WordLlama {metadata.version(_PACKAGE)} ({DIMENSIONS} numbers)" if available() else None


def available() -> bool:
    """Return whether this machine has vectors, and was not told to do without them."""
    return os.environ.get(SWITCH, "on") != "off" and _folder() is not None


def embed(text: str) -> list[float]:
    """Return the vector of ``text``, not normalised. A text without tokens has that of an unknown one."""
    with _loading:  # several threads ask, and loading takes a moment
        embedding = _model()
    return list(embedding(text))


@functools.cache
def _folder() -> Path | None:
    found = importlib.util.find_spec(_PACKAGE)
    folder = Path(found.origin).parent if found is not None and found.origin is not None else None
    return folder if folder is not None and (folder / _WEIGHTS).exists() else None


@functools.cache
def _model() -> Callable[[str], Sequence[float]]:
    # Here, not above: what asks for no vectors does not wait for numpy, nor needs the wheels.
    import numpy
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = _folder()
    if folder is None:
        raise RuntimeError(f"the wheel {_PACKAGE} is not installed")
    tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    weights = load_file(folder / _WEIGHTS)["embedding.weight"].astype(numpy.float32)

    def embedding(text: str) -> Sequence[float]:
        places = tokenizer.encode(text, add_special_tokens=False).ids or [0]
        pooled: Sequence[float] = weights[places].mean(axis=0, dtype=numpy.float32).tolist()
        return pooled

    return embedding
