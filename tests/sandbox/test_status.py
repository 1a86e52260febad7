"""What the status says, to people, of what it found."""

from sandbox.process import Health
from sandbox.status import lines, report

FOUND = {
    "up": True,
    "running": True,
    "pid": 7,
    "aws_url": "http://localhost:4566",
    "url": "http://localhost:8787",
    "model": None,
    "vectors": None,
    "notebooks": {"ann": "http://localhost:15000/jupyterlab/default/lab?token=x"},
    "inventory": {"cloudformation": ["stacks/one"], "sagemaker": ["App/a", "App/b", "Space/a"]},
}


def test_notebooks_are_told_with_what_opens_them() -> None:
    assert lines(FOUND)[1:] == [
        "model: the stand-in; vectors: none, documents are found by their words",
        "notebook ann: http://localhost:15000/jupyterlab/default/lab?token=x",
        "stack one",
        "cloudformation: 1 stacks",
        "sagemaker: 2 App, 1 Space",
    ]


def test_a_server_that_does_not_answer_and_none_are_told_apart() -> None:
    assert lines(report(None, Health(running=False, answering=False))) == ["not up"]
    (silent,) = lines({"up": False, "running": True, "pid": 7})
    assert silent == "process 7 runs but does not answer; see: python -m sandbox logs"
