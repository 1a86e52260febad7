"""What a run is asked for with: a request, and the files on this machine that its data sets are uploaded from."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from configuration.config import Config
from configuration.tuning.section import Tuning
from lambdas.tuning.asked import METHODS
from lambdas.tuning.hyperparameters import HyperparameterError, check_all
from lambdas.tuning.places import DATA_PREFIX
from lambdas.tuning.run import RequestError, RunRequest, parse_request
from quarry.command_error import CommandError
from quarry.tuning.options import base_model

# What the name of a data set's object may have. Source: Bedrock user guide, "Prepare your training datasets".
_ODD: Final = re.compile(r"[^A-Za-z0-9_\-.]+")
_PARTS: Final = ("training", "validation", "test")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request and where its data is.

    Attributes:
        request: with the keys that the data has, or will have, in the bucket.
        files: key -> the file that is uploaded there; a key without one is in the bucket already.
    """

    request: RunRequest
    files: Mapping[str, Path] = field(default_factory=dict)


def from_yaml(path: Path, changes: Mapping[str, Any]) -> Asked:
    """Return what a ``run.yaml`` asks for, with what options say instead.

    A data set is a file beside the request, or, where there is no such file, a key of the bucket below ``data/``.

    Raises:
        CommandError: the request cannot be used.
    """
    try:
        document: dict[str, Any] = msgspec.yaml.decode(path.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, OSError) as error:
        raise CommandError(f"{path} cannot be read as a request: {error}", exit_code=2) from error
    document |= changes
    return _asked(document, beside=path.parent, said=str(path))


def from_file(training: Path, changes: Mapping[str, Any]) -> Asked:
    """Return what is asked for with a file of examples and options.

    Raises:
        CommandError: something is missing or is not accepted.
    """
    missing = [
        f"--{option}"
        for option, name in (("alias", "alias"), ("base", "base_model"), ("test", "test"))
        if name not in changes
    ]
    if missing:
        hint = " `quarry tune split` makes a test set of a file." if "--test" in missing else ""
        raise CommandError(f"{', '.join(missing)} is missing.{hint}", exit_code=2)
    return _asked({"training": str(training), **changes}, beside=Path(), said="the options")


def _asked(document: dict[str, Any], *, beside: Path, said: str) -> Asked:
    files: dict[str, Path] = {}
    for part in _PARTS:
        named = document.get(part)
        if not isinstance(named, str):
            continue
        path = Path(named) if Path(named).is_absolute() else beside / named
        if path.is_file():
            key = _key(path)
            files[key] = path
            document = {**document, part: key}
        elif not named.startswith(DATA_PREFIX):
            raise CommandError(
                f"{said}: {part}: {named} is no file here, and no key of the bucket below {DATA_PREFIX}.", exit_code=2
            )
    if document.get("commitment"):
        # Agreed to by its figure, before anything is sent.
        document = {"commitment_usd": 0.0, **document}
    try:
        request = parse_request(msgspec.yaml.encode(document))
    except RequestError as error:
        raise CommandError(str(error).replace("run.yaml", said, 1), exit_code=2) from error
    return Asked(request=request, files=files)


def checked(asked: Asked, config: Config, tuning: Tuning) -> Asked:
    """Return what was asked for, with the base model's id as the catalogue has it, if it fits the environment.

    Raises:
        CommandError: no alias that can chat, no base model or method of the environment's, a hyperparameter that the
            model does not take, more hours than the environment allows.
    """
    request = asked.request
    chatting = config.alias_targets.chatting()
    if request.alias not in chatting:
        raise _refused("alias", f"{config.name} has no alias {request.alias} that can chat", chatting)
    if request.judge_alias not in (None, tuning.judge_alias):
        judges = [tuning.judge_alias] if tuning.judge_alias else []
        raise _refused("judge_alias", f"{request.judge_alias} is not the environment's (tuning.judge_alias)", judges)
    model, facts = base_model(request.base_model, request.method)
    if model.model_id not in tuning.base_models:
        raise _refused("base_model", f"{config.name} does not tune {model.model_id}", tuning.base_models)
    if request.method not in METHODS:
        raise _refused("method", f"the pipeline does not do {request.method}", METHODS)
    if request.max_hours is not None and request.max_hours > tuning.provisioned.max_hours:
        most = f"{tuning.provisioned.max_hours:g} at most, tuning.provisioned.max_hours"
        raise _refused("max_hours", f"{request.max_hours:g} is more than {config.name} allows", [most])
    try:
        check_all(facts.hyperparameters, {**tuning.hyperparameters, **request.hyperparameters})
    except HyperparameterError as error:
        raise CommandError(f"hyperparameters.{error}.", exit_code=2) from error
    return replace(asked, request=msgspec.structs.replace(request, base_model=model.model_id))


def _refused(where: str, problem: str, there_is: Sequence[str]) -> CommandError:
    return CommandError(f"{where}: {problem}; there is {', '.join(there_is) or 'none'}.", exit_code=2)


def _key(path: Path) -> str:
    """Return the key of a file: by its content, so that the same data is the same object, and the same run."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return f"{DATA_PREFIX}{digest.hexdigest()[:12]}/{_ODD.sub('-', path.name)}"
