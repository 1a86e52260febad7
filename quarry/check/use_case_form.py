"""Anthropic's use case form, from a file of the operator's own: JSON or YAML, never committed (git-ignored).

Fields and limits are those of PutUseCaseForModelAccess.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

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


def _users(value: Any) -> Any:
    return _USERS.get(str(value), str(value))


class UseCaseForm(BaseModel):
    """The form, with AWS's own names of its fields. ``intendedUsers``: 0 internal, 1 external, 2 both."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

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
        form = UseCaseForm.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{path} cannot be read: {' '.join(str(error).split())}", exit_code=2) from error
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, one['loc'])) or 'form'}: {one['msg']}" for one in error.errors()]
        raise CommandError("\n".join(lines), exit_code=2) from error
    size = len(form.form_data())
    if not BYTES[0] <= size <= BYTES[1]:
        raise CommandError(f"{path}: the form has {size:,} bytes; at most {BYTES[1]:,} are accepted", exit_code=2)
    return form
