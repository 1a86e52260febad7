"""What the aliases of an environment call: their candidates, resolved once, here."""

from dataclasses import dataclass

from configuration.models import Models
from configuration.targets import Target, targets
from lambdas.catalogue.facts import Kind


@dataclass(frozen=True, kw_only=True)
class AliasTargets:
    """The aliases of the section ``models``, as they are called from a region."""

    models: Models
    region: str

    def targets(self, alias: str) -> list[Target]:
        """Return what the alias calls, best first.

        Raises:
            ValueError: a model is unknown or has ended, or none can be called here.
        """
        return targets(self.models.aliases[alias], region=self.region, residency=self.models.residency)

    def of_kind(self, alias: str, kind: Kind) -> list[Target]:
        """Return those targets of the alias whose models are of a kind, best first."""
        return [target for target in self.targets(alias) if target.model.kind == kind]

    def chatting(self) -> list[str]:
        """Return the aliases whose first model can chat."""
        return [alias for alias in self.models.aliases if self.targets(alias)[0].model.kind == "chat"]
