"""What a run is asked for with: a request, and the files on this machine that its data sets are uploaded from."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from configuration.config import Config
from lambdas.catalogue.customization import MethodFacts, TunableModel
from lambdas.catalogue.models import find
from lambdas.tuning.run import DATA_PREFIX, RequestError, RunRequest, parse_request
from quarry.command_error import CommandError
from quarry.tune.options import base_model

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


def checked(asked: Asked, config: Config) -> Asked:
    """Return what was asked for, with the base model's id as the catalogue has it, if it fits the environment.

    Raises:
        CommandError: no alias that can chat, no model that is tuned so or here, a hyperparameter that it does not take.
    """
    request = asked.request
    chatting = config.alias_targets.chatting()
    for option, alias in (("alias", request.alias), ("judge_alias", request.judge_alias)):
        if alias is not None and alias not in chatting:
            raise CommandError(
                f"{option}: {config.name} has no alias {alias} that can chat; it has {', '.join(chatting)}.",
                exit_code=2,
            )
    model, facts = base_model(request.base_model, request.method)
    if config.region not in model.regions:
        raise CommandError(
            f"base_model: {model.name} is tuned in {', '.join(model.regions)}, and {config.name} is in "
            f"{config.region}.",
            exit_code=2,
        )
    try:
        find(model.model_id)
    except ValueError as error:
        raise CommandError(f"base_model: an alias could not answer from it: {error}.", exit_code=2) from error
    for name, value in request.hyperparameters.items():
        _check_hyperparameter(name, value, model, facts)
    return replace(asked, request=msgspec.structs.replace(request, base_model=model.model_id))


def _check_hyperparameter(name: str, value: str | float, model: TunableModel, facts: MethodFacts) -> None:
    known = facts.hyperparameters.get(name)
    if known is None:
        takes = ", ".join(facts.hyperparameters) or "none"
        raise CommandError(f"hyperparameters.{name}: {model.name} does not take it; it takes {takes}.", exit_code=2)
    if known.kind == "word":
        fits, expected = value in known.words, " or ".join(known.words)
    else:
        least, most = known.minimum, known.maximum
        expected = f"{least if least is not None else '...':} to {most if most is not None else '...'}"
        try:
            number = float(value)
            fits = (least is None or number >= least) and (most is None or number <= most)
            fits = fits and (known.kind == "float" or number == int(number))
        except ValueError:
            fits = False
    if not fits:
        raise CommandError(f"hyperparameters.{name}: {value!r} is not accepted: expected {expected}.", exit_code=2)


def _key(path: Path) -> str:
    """Return the key of a file: by its content, so that the same data is the same object, and the same run."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return f"{DATA_PREFIX}{digest.hexdigest()[:12]}/{_ODD.sub('-', path.name)}"
