"""One deployment for all tests of this folder; each begins with no script and raised quotas."""

from collections.abc import Iterator

import pytest

from tests.sandbox.tuning_deployment.tuned import MICRO, SAMPLES, UNITS, Tuned, tuned_in


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tuned]:
    folder = tmp_path_factory.mktemp("tuned")
    with tuned_in(folder) as made:
        for name, source in (("train", "tweets.csv"), ("test", "tweets-held-out.csv")):
            target = folder / f"{name}.jsonl"
            made.run("quarry", "tune", "convert", str(SAMPLES / source), "--base", MICRO, "--output", str(target))
            made.put(f"data/tweets/{name}.jsonl", target.read_bytes())
        yield made


@pytest.fixture
def tuned(deployed: Tuned) -> Iterator[Tuned]:
    """The deployment; nothing of it works or bills but what earlier tests promoted."""
    deployed.control("PUT", "tuning/quotas", UNITS)
    yield deployed
    deployed.script()
    deployed.control("DELETE", "tuning/delays")
    deployed.settled()
