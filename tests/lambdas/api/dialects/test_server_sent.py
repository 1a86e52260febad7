"""Frames of server-sent events."""

from lambdas.api.dialects.server_sent import frame


def test_an_event_is_its_data_and_has_a_name_where_the_api_has_names() -> None:
    assert frame({"a": "é"}) == 'data: {"a":"é"}\n\n'.encode()
    assert frame({"a": 1}, name="ping") == b'event: ping\ndata: {"a":1}\n\n'
