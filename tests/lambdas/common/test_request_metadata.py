"""Labels as Bedrock takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.request_metadata import fits, fitted
from tests.lambdas import service_model


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann", "ann"),
        ("a b:c_d@e$f#g=h/i+j,k-l.m", "a b:c_d@e$f#g=h/i+j,k-l.m"),
        ("auth0|5f7c8ec7", "auth0_5f7c8ec7"),
        ("it's", "it_s"),
        ("Zoë Müller", "Zoe Muller"),
        ('{"id": 5}', "__id_: 5_"),
        (5, "5"),
        (None, "null"),
        ({"a": True}, "__a_: true_"),
        ("名前", "__"),
        ("x" * 300, "x" * 256),
        ("é" * 300, "e" * 256),
        ("\ud800", "_"),
    ],
)
def test_signs_that_bedrock_does_not_know_are_replaced(given: object, kept: str) -> None:
    assert fitted(given) == kept
    assert fits(kept)


@given(st.text(max_size=400))
def test_any_text_becomes_one_that_bedrock_takes(text: str) -> None:
    made = fitted(text)

    assert made == text or not fits(text)
    service_model.check(
        "bedrock-runtime", "Converse", {"modelId": "m", "messages": [], "requestMetadata": {"user": made}}
    )
