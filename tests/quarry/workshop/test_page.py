"""A participant's page: nothing from outside becomes markup, and nothing is fetched."""

from typing import Any

from quarry.workshop.page import page


def test_everything_is_escaped_and_braces_stay() -> None:
    made = page(
        name="<script>alert(1)</script> {key}",
        participant_id="eve",
        key="qk-<1>",
        shown=True,
        base_url="https://api.test/v1",
        allowance="$5.00",
        sign_in="aws & co",
        curl='-d \'{"model": "fast"}\'',
        python="print(1)",
    )

    assert "<script" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {key}" in made
    assert "qk-&lt;1&gt;" in made
    assert "aws &amp; co" in made
    assert "src=" not in made
    assert "href=" not in made


def a_page(**changes: Any) -> str:
    given = {
        "name": "Ada",
        "participant_id": "ada",
        "key": 'qk-"<1>',
        "shown": True,
        "base_url": "https://api.test/api/v1",
    }
    rest = {"allowance": "$5.00", "sign_in": "aws", "curl": "curl", "python": "print(1)"}
    return page(**{**given, **rest, **changes})


def test_the_playgrounds_link_has_the_key_where_the_page_shows_it() -> None:
    made = a_page(playground="https://api.test/api/")

    assert '<a href="https://api.test/api/#key=qk-%22%3C1%3E" rel="noreferrer">https://api.test/api/</a>' in made


def test_it_has_none_where_an_earlier_page_has_shown_it() -> None:
    made = a_page(playground="https://api.test/api/", shown=False, key="handed out on ...")

    assert '<a href="https://api.test/api/" rel="noreferrer">' in made
    assert "#key" not in made


def test_without_a_playground_there_is_no_link() -> None:
    assert "href=" not in a_page()
