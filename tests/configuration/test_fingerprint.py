"""Fingerprints are part of deployed resources' names: the same content has the same one for ever."""

from configuration import fingerprint


def test_a_fingerprint_is_eight_hex_digits_of_sha256() -> None:
    # From `printf quarry | sha256sum`.
    assert fingerprint.of_text("quarry") == "0ae90cda"


def test_the_order_of_keys_does_not_count_and_that_of_values_does() -> None:
    assert fingerprint.of_json({"a": 1, "b": [2, 3]}) == fingerprint.of_json({"b": [2, 3], "a": 1})
    assert fingerprint.of_json({"a": 1, "b": [2, 3]}) != fingerprint.of_json({"a": 1, "b": [3, 2]})
