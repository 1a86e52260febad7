"""Names of the SSM parameters by which one stack's values reach another."""

from configuration.config import Config


class ParameterNames:
    """The parameters of one environment."""

    def __init__(self, config: Config) -> None:
        prefix = f"/quarry/{config.name}"
        self.guardrail_id = f"{prefix}/guardrail/id"
        self.guardrail_version = f"{prefix}/guardrail/version"
        # A path: whoever names a version of the guardrail has a parameter below it, with the version's number.
        self.guardrail_pins = f"{prefix}/guardrail/pins"
        self.knowledge_id = f"{prefix}/knowledge/id"
        self.model_access = f"{prefix}/model-access"
        self.environment_table = f"{prefix}/environment-table"
        self.base_url = f"{prefix}/base-url"
