"""The quotas that Quarry's users meet, with the codes and defaults of a new account.

Sources: AWS General Reference (``gr/sagemaker``, ``gr/bedrock``), Service Quotas' catalogue for codes. The total of
domains is the 1 of reports; no page gives it. A new account's Lambda concurrency is 10, not the 1 000 of the page.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """One quota: its service's code, its own code, name and default, and what the limit's message calls its unit."""

    service: str
    code: str
    name: str
    default: float
    unit: str = "None"
    adjustable: bool = True


JUPYTER_LAB = "Studio JupyterLab Apps running on {} instances"

DOMAINS = Quota("sagemaker", "L-B683BCB0", "Total domains", 1, "Domains")
PROFILES = Quota(
    "sagemaker",
    "L-AC46C40F",
    "Maximum number of Studio user profiles allowed per account",
    2,
    "User Profiles",
)
SPACES = Quota("sagemaker", "L-8E5333B4", "Maximum number of Studio spaces allowed per account", 6, "Spaces")
APPS = Quota("sagemaker", "L-4E39DDC4", "Maximum number of running Studio apps allowed per account", 40, "Apps")
_BY_TYPE = {
    "ml.t3.medium": "L-71FAF417",
    "ml.t3.large": "L-2733D4D5",
    "ml.t3.xlarge": "L-61F9C762",
    "ml.t3.2xlarge": "L-B039EA8F",
}
_HAIKU = "Anthropic Claude Haiku 4.5"
CONCURRENT_EXECUTIONS = Quota("lambda", "L-B99A9384", "Concurrent executions", 10)
_OTHERS = (
    CONCURRENT_EXECUTIONS,
    Quota("apigateway", "L-8A5B8E43", "Throttle rate", 10_000),
    Quota("apigateway", "L-CDF5615A", "Throttle burst rate", 5_000),
    Quota("bedrock", "L-DC7FF66C", "Cross-region model inference tokens per minute for Amazon Nova Micro", 8_000_000),
    Quota("bedrock", "L-7C42E72A", "Cross-region model inference tokens per minute for Amazon Nova Lite", 8_000_000),
    Quota("bedrock", "L-C0326783", "Cross-region model inference tokens per minute for Amazon Nova Pro", 2_000_000),
    Quota("bedrock", "L-C6F5908D", "Cross-region model inference tokens per minute for Amazon Nova 2 Lite", 8_000_000),
    # What an account in use has, as far as known: new ones were seen with 0, for which nothing could be deployed here.
    Quota("bedrock", "L-CFA4FA0D", "On-demand model inference tokens per minute for Amazon Nova Micro", 4_000_000),
    Quota("bedrock", "L-70423BF8", "On-demand model inference tokens per minute for Amazon Nova Lite", 4_000_000),
    Quota("bedrock", "L-CE33604C", "On-demand model inference tokens per minute for Amazon Nova Pro", 1_000_000),
    Quota(
        "bedrock",
        "L-CCA5DF70",
        f"Cross-region model inference requests per minute for {_HAIKU}",
        10_000,
    ),
    Quota(
        "bedrock",
        "L-58BE175A",
        f"Cross-region model inference tokens per minute for {_HAIKU}",
        5_000_000,
    ),
    Quota(
        "bedrock",
        "L-9A11C666",
        f"Global cross-region model inference tokens per minute for {_HAIKU}",
        5_000_000,
    ),
)

# Text units that guardrails judge in a second. Regions differ, from 25 to 1,000; what us-east-1 has is second-hand.
CONTENT_UNITS = Quota(
    "bedrock", "L-01F3CD81", "On-demand ApplyGuardrail Content filter policy text units per second", 1_000
)
SENSITIVE_UNITS = Quota(
    "bedrock", "L-CFCAAB0E", "On-demand ApplyGuardrail Sensitive information filter policy text units per second", 1_000
)
GROUNDING_UNITS = Quota(
    "bedrock", "L-086556D1", "On-demand ApplyGuardrail contextual grounding policy text units per second", 106
)
# Not adjustable: whoever keeps versions has to let old ones go.
GUARDRAIL_VERSIONS = Quota("bedrock", "L-D471AEAB", "Versions per guardrail", 20, adjustable=False)
PROMPT_VERSIONS = Quota("bedrock", "L-FBBE47CA", "Versions per prompt", 10, adjustable=False)
CUSTOM_MODELS = Quota("bedrock", "L-CB5B847D", "Custom models per account", 100)
CREATING_MODELS = Quota("bedrock", "L-C02E1E99", "Custom models with a creating status per account", 2)
SCHEDULED_JOBS = Quota("bedrock", "L-0406044C", "(Model customization) Scheduled customization jobs", 10)
DEPLOYMENTS = Quota("bedrock", "L-1EF80F3E", "Custom model deployments total", 10)
DEPLOYMENTS_IN_PROGRESS = Quota("bedrock", "L-430C95DD", "Custom model deployments in progress", 2)
CUSTOM_MODEL_UNITS = Quota(
    "bedrock", "L-BE77399C", "Model units no-commitment Provisioned Throughputs across custom models", 0
)
BASE_MODEL_UNITS = Quota(
    "bedrock", "L-FE44174A", "Model units no-commitment Provisioned Throughputs across base models", 0
)
_RECORDS = "Sum of training and validation records for a {} customization job"
_RECORDS_OF = {
    "Nova Micro": "L-EC6A6ABC",
    "Nova Lite": "L-031F46A7",
    "Nova Pro": "L-70FC4C0E",
    "Nova 2 Lite": "L-82EE9228",
}
TUNING: tuple[Quota, ...] = (
    CUSTOM_MODELS,
    CREATING_MODELS,
    SCHEDULED_JOBS,
    DEPLOYMENTS,
    DEPLOYMENTS_IN_PROGRESS,
    CUSTOM_MODEL_UNITS,
    BASE_MODEL_UNITS,
    Quota("bedrock", "L-3632DE15", "Model units per provisioned model for Meta Llama 3.1 8B Instruct", 0),
    Quota("bedrock", "L-EC6A6ABC", "Sum of training and validation records for a Nova Micro customization job", 20_000),
    Quota("bedrock", "L-031F46A7", "Sum of training and validation records for a Nova Lite customization job", 20_000),
    Quota("bedrock", "L-70FC4C0E", "Sum of training and validation records for a Nova Pro customization job", 20_000),
    Quota(
        "bedrock", "L-82EE9228", "Sum of training and validation records for a Nova 2 Lite customization job", 20_000
    ),
)
ALL: tuple[Quota, ...] = (
    DOMAINS,
    PROFILES,
    SPACES,
    APPS,
    *(Quota("sagemaker", code, JUPYTER_LAB.format(instance), 6, "Apps") for instance, code in _BY_TYPE.items()),
    *_OTHERS,
    CONTENT_UNITS,
    SENSITIVE_UNITS,
    GROUNDING_UNITS,
    GUARDRAIL_VERSIONS,
    PROMPT_VERSIONS,
    *TUNING,
)
