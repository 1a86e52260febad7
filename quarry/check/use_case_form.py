"""Anthropic's use case form, from a file of the operator's own: JSON or YAML, never committed (git-ignored).

Fields and limits are those of PutUseCaseForModelAccess.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError

from configuration.section import Section, sentence
from configuration.yaml_text import YamlError, read_mapping
from quarry.command_error import CommandError

# Limits of the whole form, in bytes of JSON.
BYTES: Final = (10, 16_384)
EXAMPLE: Final = """\
companyName: Example Ltd
companyWebsite: https://example.com
intendedUsers: internal            # internal, external or both
industryOption: Education
useCases: A workshop in which employees ask questions about our handbooks.
"""
_USERS: Final = {"internal": "0", "external": "1", "both": "2"}

Line = Annotated[str, Field(min_length=1, max_length=128)]


def _users(value: Any) -> str:
    user = _USERS.get(str(value), str(value))
    if user not in _USERS.values():
        raise ValueError(f"{value!r} is not accepted: expected {', '.join(_USERS)}")
    return user


class UseCaseForm(Section):
    """The form, with AWS's own names of its fields. ``intendedUsers``: 0 internal, 1 external, 2 both."""

    companyName: Line  # noqa: N815 - AWS's name
    companyWebsite: Line  # noqa: N815 - AWS's name
    intendedUsers: Annotated[Literal["0", "1", "2"], BeforeValidator(_users)]  # noqa: N815 - AWS's name
    industryOption: Line  # noqa: N815 - AWS's name
    otherIndustryOption: Annotated[str, Field(max_length=128)] = ""  # noqa: N815 - AWS's name
    useCases: Annotated[str, Field(min_length=1, max_length=8192)]  # noqa: N815 - AWS's name

    def form_data(self) -> bytes:
        """Return what PutUseCaseForModelAccess takes as ``formData``: JSON; botocore encodes it further."""
        return json.dumps(self.model_dump()).encode()


def load(path: Path) -> UseCaseForm:
    """Read the form of a file.

    Raises:
        CommandError: with exit code 2 and a line per mistake.
    """
    try:
        # YAML holds JSON too.
        form = UseCaseForm.model_validate(read_mapping(path.read_bytes(), shown=str(path)))
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror})", exit_code=2) from error
    except YamlError as error:
        raise CommandError(str(error), exit_code=2) from error
    except ValidationError as error:
        raise CommandError("\n".join(f"{path}: {sentence(one)}" for one in error.errors()), exit_code=2) from error
    size = len(form.form_data())
    if not BYTES[0] <= size <= BYTES[1]:
        raise CommandError(f"{path}: the form has {size:,} bytes; at most {BYTES[1]:,} are accepted", exit_code=2)
    return form
