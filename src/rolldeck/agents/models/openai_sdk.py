"""OpenAI's SDK on our own transport: for OpenAI's API, and for servers that speak as it does."""

from openai import AsyncOpenAI

from rolldeck.agents.models.provider import Setup

_NO_KEY = "none"  # servers of one's own mostly want none, but the SDK does


def client_of(setup: Setup) -> AsyncOpenAI:
    """Return a client whose requests are made, and made again, by the setup's transport."""
    return AsyncOpenAI(
        api_key=setup.access.key.get_secret_value() if setup.access.key else _NO_KEY,
        base_url=setup.access.base_url,
        http_client=setup.client,
        max_retries=0,
    )
