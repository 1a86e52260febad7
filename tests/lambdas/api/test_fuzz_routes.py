"""Two thousand requests to all routes, the same each time: an answer or a 4xx in the one error shape, never a 5xx.

Two hundred more to each of the routes beside chat; two thousand in `make test-fuzz` and `make fuzz`.

`make fuzz MINUTES=10` sends others, as many as there is time for; with SEED= the same again.
"""

import os
import random
import time
from collections import Counter
from itertools import islice

import pytest

from lambdas.api.operations import OPERATIONS
from tests.examples import examples
from tests.lambdas.api.fuzzing import fuzzed, offence, requests

SEED = int(os.environ.get("FUZZ_SEED") or 12)
SECONDS = float(os.environ.get("FUZZ_MINUTES") or 0) * 60
ALL = 2_000
REQUESTS = examples(ALL).max_examples
# What other clients than OpenAI's chat speak, and what stands beside that; and how many requests each of them gets.
SPOKEN = ("createResponse", "createMessage")
BESIDE = ("compactResponse", "countInputTokens", "countTokens", "createCompletion", "createModeration", "rerank")
EACH = examples(int(os.environ.get("FUZZ_REQUESTS") or 200)).max_examples


def test_no_request_to_any_route_is_too_odd() -> None:
    answered: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    ends = time.monotonic() + SECONDS
    with fuzzed() as functions:
        for number, request in enumerate(requests(random.Random(SEED), functions.there)):
            if number >= REQUESTS and time.monotonic() >= ends:
                break
            status, answer = functions.send(request)
            wrong = offence(request, status, answer)
            assert wrong is None, f"request {number} of seed {SEED}: {request}\n{answer!r}\n{functions.log.getvalue()}"
            (answered if status < 400 else refused)[request.operation.name] += 1

    print(f"{number} requests of seed {SEED}")
    routes = {operation.name for operation in OPERATIONS}
    assert {*answered, *refused} == routes
    if REQUESTS == ALL:
        # A share does not get everywhere: each route got beyond the check of its body.
        assert set(answered) == routes
        assert set(refused) >= {operation.name for operation in OPERATIONS if operation.body}


@pytest.mark.parametrize("name", [*SPOKEN, *BESIDE])
def test_no_request_to_one_route_is_too_odd(name: str) -> None:
    operations = [operation for operation in OPERATIONS if operation.name == name]
    ends: Counter[bool] = Counter()
    with fuzzed() as functions:
        sent = requests(random.Random(SEED), functions.there, operations)
        for request in islice(sent, EACH):
            status, answer = functions.send(request)
            wrong = offence(request, status, answer)
            assert wrong is None, f"{request}\n{answer!r}\n{functions.log.getvalue()}"
            ends[status < 400] += 1

    # Both happen, so that it is neither refused nor accepted unseen.
    assert min(ends[True], ends[False]) > EACH // 20
