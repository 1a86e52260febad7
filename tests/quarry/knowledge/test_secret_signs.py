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
        b"hf_" + b"a" * 30,
        b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        b"PuTTY-User-Key-File-3: ssh-ed25519",
        b"    client-key-data: LS0tLS1C",
        b'"secret_access_key": "' + b"a" * 40 + b'"',
        b"SecretAccessKey: " + b"a" * 40,
        b"DB_PASSWORD=hunter2",
        b"export SESSION_SECRET='correct horse'",
        b"GITHUB_TOKEN=0123456789abcdef",
        b"postgres://admin:hunter2@db.example.com/prod",
    ],
)
def test_secrets_have_a_sign(content: bytes) -> None:
    assert in_content(b"before\n" + content + b"\nafter")
    assert len(content) < LONGEST


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_secrets_have_a_sign_in_utf_16_too(encoding: str) -> None:
    assert in_content("x\n-----BEGIN RSA PRIVATE KEY-----\n".encode(encoding)) == "a private key"


@pytest.mark.parametrize(
    "content",
    [
        b"A private key is secret.",
        b"risk-assessment-of-the-year-twenty",
        b"qk-EXAMPLE",
        b"-----BEGIN CERT",
        b"The secret access key is shown once.",
        b"PASSWORD=<yours>\nAPI_TOKEN=$TOKEN\nSECRET=",
        b"MAX_TOKENS is 4096; set TOKEN=value in a line",
        b"http://localhost:8787/v1 and mailto:ann@example.com, see https://x.example/a:b@c",
        b"PNG\0\0\0binary",
        b"",
    ],
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
        ("bob_accessKeys.csv", True),
        ("rootkey.csv", True),
        ("private_key.txt", True),
        ("passwd.txt", True),
        ("env-prod.txt", True),
        ("dotenv.txt", True),
        ("key-facts.md", False),
        ("tokens.md", False),
    ],
)
def test_names_are_signs_too(name: str, suspicious: bool) -> None:
    assert bool(in_name(name)) is suspicious
