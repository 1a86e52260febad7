"""A participant's page: nothing from outside becomes markup, and nothing is fetched."""

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
