"""What holds for every function, whatever it does."""

import pytest

from stacks.components.python_function import EnvironmentTooLargeError
from tests import templates
from tests.varying import Vary


def test_only_our_code_is_in_the_asset_and_no_sources_of_data() -> None:
    files = {path.name for path in templates.function_files()}

    assert {"catalogue.json", "handler.py"} <= files
    assert not any(name.endswith((".yaml", ".pyc", "requirements.txt")) for name in files)


def test_more_variables_than_lambda_takes_are_refused_at_synth(vary: Vary) -> None:
    crowd = {f"alias-number-{number}-with-a-long-name": ["amazon.nova-micro-v1:0"] * 5 for number in range(12)}

    with pytest.raises(EnvironmentTooLargeError, match=r"api.handler.lambda_handler have .* Lambda takes 4,096"):
        templates.synthesise(vary(models={"aliases": crowd}, knowledge=None))
