"""LangChain's own standard tests of a chat model, with its unmodified ``ChatOpenAI``, against an endpoint.

Collected by ``test_suites`` in a process of its own: the suite's plugins are not ours.
"""

import os
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestQuarry(ChatModelIntegrationTests):  # type: ignore[misc]  # its package is in .cache/clients
    """What a chat model of LangChain's has to do."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The class that is tested."""
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """How it is made."""
        return {
            "model": os.environ["MODEL"],
            "base_url": os.environ["OPENAI_BASE_URL"],
            "api_key": os.environ["OPENAI_API_KEY"],
            "stream_usage": True,
            "max_retries": 0,
            "use_responses_api": os.environ.get("USE_RESPONSES_API") == "true",
        }
