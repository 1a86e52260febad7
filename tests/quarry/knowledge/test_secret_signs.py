"""What looks like a secret, and what only speaks of one."""

import pytest

from quarry.knowledge.secret_signs import LONGEST, in_content, in_name


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN RSA PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PRIVATE KEY-----",
        b'{"api_key": "qk-' + b"aB3_-" * 8 + b'abc"}',
        b"AWS_ACCESS_KEY_ID=AKIA" + b"A" * 16,
        b"aws_secret_access_key = x",
        b"export AWS_SECRET_ACCESS_KEY=x",
        b"glpat-" + b"a" * 20,
        b"sk_live_" + b"a" * 24,
        b"AIza" + b"a" * 35,
        b"token: ghp_" + b"a" * 36,
        b"OPENAI_API_KEY=sk-" + b"a" * 40,
    ],
)
def test_secrets_have_a_sign(content: bytes) -> None:
    assert in_content(b"before\n" + content + b"\nafter")
    assert len(content) < LONGEST


@pytest.mark.parametrize(
    "content",
    [b"A private key is secret.", b"risk-assessment-of-the-year-twenty", b"qk-EXAMPLE", b"-----BEGIN CERT", b""],
)
def test_what_speaks_of_secrets_has_none(content: bytes) -> None:
    assert in_content(content) is None


@pytest.mark.parametrize(
    ("name", "suspicious"),
    [
        ("prod.env.txt", True),
        ("env.txt", True),
        ("id_rsa.txt", True),
        ("credentials.csv", True),
        ("server.pem.txt", True),
        ("api-keys.txt", True),
        ("environment.md", False),
        ("travel.md", False),
        ("secretary.md", False),
        ("my-passwords.csv", True),
        (".env", True),
        ("how-to-set-env-variables.md", False),
    ],
)
def test_names_are_signs_too(name: str, suspicious: bool) -> None:
    assert bool(in_name(name)) is suspicious
