"""What a space does when its app starts: sets the endpoint, ends idle kernels, fetches the notebooks.

Runs as sagemaker-user before JupyterLab, at every start, within five minutes. A step can be done again; one that fails
says so and stops no other. What a participant changed stays.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

# stacks.studio.lifecycle_script has the values.
SETTINGS: dict[str, Any] = {}

HOME = Path.home()
OWN = HOME / ".quarry"
METADATA = Path(os.environ.get("STUDIO_RESOURCE_METADATA", "/opt/ml/metadata/resource-metadata.json"))
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
FETCH_SECONDS = 150

# Run by every Python kernel. The key goes from the secret into the kernel's memory and nowhere else.
STARTUP = """\
def _quarry():
    import json
    import os

    os.environ.update({environment!a})
    secret = os.environ.get("QUARRY_KEY_SECRET")
    if os.environ.get("OPENAI_API_KEY") or not secret:
        return
    try:
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=3, read_timeout=5, retries={{"total_max_attempts": 2}})
        client = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"], config=config)
        key = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])[{field!a}]
        if key == {none!a}:
            print("Your key has not been made yet: ask the organiser, then restart the kernel.")
        else:
            os.environ["OPENAI_API_KEY"] = key
    except Exception as error:
        print(f"OPENAI_API_KEY is not set: {{secret}}: {{error}}")


_quarry()
del _quarry
"""


def main() -> None:
    """Do every step."""
    steps = {"environment": environment, "culling": culling, "notebooks": notebooks}
    for name, step in steps.items():
        try:
            say(f"{name}: {step()}")
        except Exception as error:
            say(f"{name}: FAILED: {type(error).__name__}: {error}")


def say(text: str) -> None:
    """Tell the app's log."""
    with contextlib.suppress(OSError):
        print(f"quarry: {text}".encode("ascii", "backslashreplace").decode(), flush=True)


def participant() -> str | None:
    """Whose space this is; None, and said, if that cannot be read."""
    try:
        name = json.loads(METADATA.read_bytes())["SpaceName"]
        if NAME.fullmatch(name):
            return str(name)
        say(f"participant: {name!r} is no name of a space, so there is no key and no folder of one's own")
    except (OSError, ValueError, LookupError, TypeError) as error:
        say(f"participant: {METADATA} tells no name ({error!r}), so there is no key and no folder of one's own")
    return None


def environment() -> str:
    """Set variables for kernels and terminals. What this process already has counts more."""
    values = {"QUARRY_BASE_URL": SETTINGS["base_url"], "QUARRY_ALIASES": SETTINGS["aliases"]}
    if (own := participant()) is not None:
        values["QUARRY_KEY_SECRET"] = f"{SETTINGS['secret_prefix']}{own}"
        values["QUARRY_PREFIX"] = f"s3://{SETTINGS['bucket']}/participants/{own}/"
    values = {name: os.environ.get(name) or value for name, value in values.items()}
    values |= {"OPENAI_BASE_URL": values["QUARRY_BASE_URL"], "AWS_REGION": SETTINGS["region"]}
    ipython = Path(os.environ.get("IPYTHONDIR") or HOME / ".ipython")
    startup = STARTUP.format(environment=values, field=SETTINGS["key_field"], none=SETTINGS["no_key_yet"])
    write(ipython / "profile_default" / "startup" / "00-quarry.py", startup.encode())
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
    write(OWN / "environment.sh", "".join(lines).encode())
    # A terminal's shell may be a login shell, which reads the first of the three.
    login = next((name for name in (".bash_profile", ".bash_login") if (HOME / name).exists()), ".profile")
    for name in (".bashrc", login):
        source_from(HOME / name)
    return ", ".join(values)


def source_from(profile: Path) -> None:
    """Let a shell's start-up file read the variables."""
    line = b"[ -r ~/.quarry/environment.sh ] && . ~/.quarry/environment.sh\n"
    old = profile.read_bytes() if profile.exists() else b""
    if line not in old:
        write(profile, old + (b"" if old.endswith(b"\n") or not old else b"\n") + line)


def culling() -> str:
    """End idle kernels and terminals by the user's own settings of Jupyter, whose other values stay."""
    path, told = HOME / ".jupyter" / "jupyter_server_config.json", ""
    old = path.read_bytes() if path.exists() else b"{}"
    try:
        settings = with_culling(json.loads(old))
    except ValueError as error:
        aside = path.with_suffix(f".broken-{int(time.time())}")
        write(aside, old)
        settings, told = with_culling({}), f"; {path} could not be used ({error}) and is kept as {aside.name}"
    write(path, json.dumps(settings, indent=2).encode() + b"\n")
    return f"after {SETTINGS['cull_minutes']} idle minutes{told}"


def with_culling(settings: Any) -> dict[str, Any]:
    """Return settings of Jupyter with those that end what is idle. A busy kernel goes on, an open notebook does not."""
    seconds = SETTINGS["cull_minutes"] * 60
    often = {"cull_interval": min(300, seconds)}
    kernels = {"cull_idle_timeout": seconds, "cull_connected": True, "cull_busy": False, **often}
    own = {"MappingKernelManager": kernels, "TerminalManager": {"cull_inactive_timeout": seconds, **often}}
    if not isinstance(settings, dict) or not all(isinstance(settings.get(name, {}), dict) for name in own):
        raise ValueError("it does not hold objects")
    return {**settings, **{name: {**settings.get(name, {}), **values} for name, values in own.items()}}


def notebooks() -> str:
    """Fetch the repository or the notebooks."""
    return clone(SETTINGS["git_repository"]) if SETTINGS["git_repository"] else unpack()


def clone(url: str) -> str:
    """Clone a repository if its folder is not there; whole or not at all."""
    name = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    folder = HOME / (name if re.fullmatch(r"\w[\w.-]*", name) else "repository")
    if folder.exists():
        return f"{folder} is there and stays as it is"
    OWN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OWN, ignore_cleanup_errors=True) as draft:
        process = subprocess.Popen(
            ["git", "clone", "--quiet", "--", url, f"{draft}/clone"],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(FETCH_SECONDS)
        except subprocess.TimeoutExpired:
            # With what it started, which would go on.
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if code:
            raise RuntimeError(f"git could not clone {url}: exit code {code}")
        shutil.move(f"{draft}/clone", folder)
    return f"cloned {url} to {folder}"


def unpack() -> str:
    """Write the archive's files: new ones, and new versions of those that nobody changed."""
    record = OWN / "notebooks.json"
    try:
        put: dict[str, str] = dict(json.loads(record.read_bytes()))
    except (OSError, ValueError, TypeError):
        put = {}
    done: dict[str, list[str]] = {"written": [], "the same": [], "kept as changed here": []}
    try:
        with limit(FETCH_SECONDS), fetch(SETTINGS["notebooks"]) as archive:
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts:
                    say(f"notebooks: {name!r} leads out of the home folder and is left out")
                elif not name.endswith("/"):
                    done[place(name, archive.read(name), put)].append(name)
    finally:
        write(record, json.dumps(put).encode())
    changed = f" ({', '.join(done['kept as changed here'])})" if done["kept as changed here"] else ""
    return ", ".join(f"{len(names)} {what}" for what, names in done.items()) + changed


def place(name: str, content: bytes, put: dict[str, str]) -> str:
    """Write one file, unless it is there and not as it was put; return what was done."""
    target, digest = HOME / name, hashlib.sha256(content).hexdigest()
    old = hashlib.sha256(target.read_bytes()).hexdigest() if target.is_file() else None
    if old == digest:
        put[name] = digest
        return "the same"
    if (old is None and target.exists()) or old not in (None, put.get(name)):
        return "kept as changed here"
    write(target, content)
    put[name] = digest
    return "written"


def fetch(url: str) -> zipfile.ZipFile:
    """Read an archive of S3."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
    bucket, _, key = url.removeprefix("s3://").partition("/")
    s3 = boto3.client("s3", region_name=SETTINGS["region"], config=config)
    return zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


class GivenUp(BaseException):
    """It takes too long. No Exception: clients would try again."""


@contextlib.contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Give up after a time, whatever is being waited for."""

    def give_up(*_: object) -> None:
        raise GivenUp

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    except GivenUp:
        raise TimeoutError(f"not done after {seconds} s") from None
    finally:
        signal.alarm(0)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: on a full disk the old one stays."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(content)
        if path.exists():
            shutil.copymode(path, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
