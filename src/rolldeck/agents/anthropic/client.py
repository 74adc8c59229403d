"""Anthropic's SDK on our own transport."""

from anthropic import AsyncAnthropic

from rolldeck.agents.models.provider import Setup


def client_of(setup: Setup) -> AsyncAnthropic:
    """Return a client whose requests are made, and made again, by the setup's transport."""
    return AsyncAnthropic(
        api_key=setup.access.key.get_secret_value() if setup.access.key else "",
        base_url=setup.access.base_url,
        http_client=setup.client,
        max_retries=0,
        timeout=setup.parameters.request_seconds,
    )
