"""The fields tell where an error came from and nothing of what it says."""

import json

from lambdas.common.failure import places, recorded


def fail() -> None:
    raise ValueError("secret prompt")


def failure() -> ValueError:
    try:
        fail()
    except ValueError as error:
        return error
    raise AssertionError("it did not fail")


def test_the_places_lead_from_the_outermost_call_to_the_raise() -> None:
    found = places(failure())

    code = fail.__code__
    assert [place.rpartition(":")[0] for place in found] == [code.co_filename] * 2
    assert found[-1] == f"{code.co_filename}:{code.co_firstlineno + 1}"


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert recorded(KeyError("secret prompt")) == {"error_type": "KeyError", "where": []}


def test_the_errors_text_is_not_among_the_fields_not_even_that_of_its_cause() -> None:
    try:
        try:
            fail()
        except ValueError as cause:
            raise RuntimeError("another secret") from cause
    except RuntimeError as error:
        error.add_note("noted secret")
        fields = recorded(error)

    assert fields["error_type"] == "RuntimeError"
    assert "secret" not in json.dumps(fields)


def test_a_deep_errors_places_are_bounded() -> None:
    def deeper(left: int) -> None:
        if left:
            deeper(left - 1)
        fail()

    try:
        deeper(500)
    except ValueError as error:
        found = places(error)

    assert len(found) == 31
    assert found[15] == f"({503 - 1 - 30 + 1} more)"
    assert found[-1].endswith(f":{fail.__code__.co_firstlineno + 1}")
