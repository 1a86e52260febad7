"""Logger and metrics of all functions. Prompts and completions are never handed to either."""

from typing import Final

from aws_lambda_powertools import Logger, Metrics

# Both read POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE, which stacks/components/python_function.py sets.
logger: Final = Logger()
metrics: Final = Metrics()
