"""The program that runs a language model of a GGUF file: llama.cpp's OpenAI-compatible server, on the loopback.

Started by :mod:`sandbox.language_model`, in the sandbox's process group, with the folder of its packages as PYTHONPATH.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from sandbox.language_model import KEY_VARIABLE, TOGETHER, TOKENS

_LOOK_SECONDS = 0.5


def main() -> None:
    """Serve until the process that started this one ends."""
    parser = argparse.ArgumentParser(prog="sandbox.llama_server", description=__doc__)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    parent = os.getppid()

    import xllamacpp  # type: ignore[import-not-found]  # not of this environment: a folder of its own has it

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.gguf)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    parameters.api_keys = [os.environ.pop(KEY_VARIABLE)]
    parameters.cors_origins = "http://localhost"  # no web page is to ask it
    parameters.n_ctx = TOKENS
    parameters.n_parallel = TOGETHER
    parameters.kv_unified = True
    parameters.offline = True
    # Where the request says nothing: a small model with more freedom loses its thread, or repeats itself for ever.
    parameters.sampling.temp = 0.2
    parameters.sampling.top_p = 0.9
    parameters.sampling.penalty_repeat = 1.1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = cores
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as error:  # it has written why
        sys.exit(f"llama.cpp did not start: {error}")
    while server.listening_address and os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)  # without waiting for an answer that is being written


if __name__ == "__main__":
    main()
