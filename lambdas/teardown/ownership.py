"""The one rule of what belongs to an environment.

1. What carries the tag ``quarry:environment`` belongs to the environment that the tag names, and to no other.
2. What a stack of the environment has, or had when it was deleted, belongs to it; and what is part of such a thing or
   made for it: the objects of a bucket, the data sources of a knowledge base, the log group that a function of the
   stack's would write, the apps of a domain.
3. What can have no tag, or has lost it, belongs to the environment whose stack its name begins with:
   ``quarry-dev-inference-...``; where two names of environments fit, ``dev`` and ``dev-2``, to the longer one. The
   names of a collection's policies end in eight digits in its place, those of parameters and secrets begin with
   ``quarry/dev/``.

Nothing else belongs to it: a stranger's thing without tags never does, whatever it is called.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from lambdas.teardown.kind import Found

TAG: Final = "quarry:environment"
# The stacks' own parts of their names.
WORDS: Final = frozenset(
    {"guardrails", "knowledge", "inference", "prompts", "studio", "tuning", "foundation", "expiry"}
)
# Behind the environment's name in those of a collection and its policies, for which there is no room for more.
_DIGITS: Final = re.compile(r"[0-9a-f]{8}")
# Of functions and state machines, which give their own name to what they write.
_LOG_GROUP: Final = re.compile(r"/aws/(?:lambda|vendedlogs/states|states|codebuild)/(quarry-.+)")


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Decides for one environment.

    Attributes:
        environment: its name.
        members: physical ids of what its stacks have and had.
        environments: names of all environments that the account is known to have.
    """

    environment: str
    members: Collection[str]
    environments: Collection[str]

    def has(self, found: Found) -> bool:
        """Tell whether it belongs to the environment."""
        if found.tags and TAG in found.tags:
            return found.tags[TAG] == self.environment
        if found.id in self.members or (found.arn and found.arn in self.members):
            return True
        if any(part in self.members for part in found.of):
            return True
        return self.names(found.name)

    def names(self, name: str) -> bool:
        """Tell whether a name can be of this environment's only: rule 3."""
        if name.removeprefix("/").startswith(f"quarry/{self.environment}/"):
            return True
        matched = _LOG_GROUP.fullmatch(name)
        return self._is_ours(matched[1] if matched else name)

    def _is_ours(self, name: str) -> bool:
        ours = f"quarry-{self.environment}-"
        if not name.startswith(ours) or any(name.startswith(f"quarry-{other}-") for other in self._longer()):
            return False
        rest = name.removeprefix(ours)
        return rest.partition("-")[0] in WORDS or _DIGITS.fullmatch(rest) is not None

    def _longer(self) -> Iterator[str]:
        return (other for other in self.environments if other.startswith(f"{self.environment}-"))
