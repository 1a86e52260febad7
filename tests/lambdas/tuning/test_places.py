import pytest

from lambdas.tuning import places


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("runs/x/run.yaml", "x"),
        ("runs/x/y/run.yaml", None),
        ("runs//run.yaml", None),
        ("runs/run.yaml", None),
        ("output/runs/x/run.yaml", None),
        ("runs/x/run.yml", None),
    ],
)
def test_only_a_request_s_key_is_one(key: str, folder: str | None) -> None:
    assert places.folder_of(key) == folder
