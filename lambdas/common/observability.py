"""Logger and metrics of all functions. Prompts and completions are never handed to either.

Every metric has the dimensions ``service`` and ``environment``: two environments of one account share a namespace, and
what they count must not add up.
"""

import os
from typing import Final

from aws_lambda_powertools import Logger, Metrics

# Both read POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE, which stacks/components/python_function.py sets.
logger: Final = Logger()
metrics: Final = Metrics()

# Set by stacks/components/python_function.py too. Without it, as where nobody reads the metrics, there is none.
ENVIRONMENT_VARIABLE: Final = "METRICS_ENVIRONMENT"
if _environment := os.environ.get(ENVIRONMENT_VARIABLE):
    metrics.set_default_dimensions(environment=_environment)
