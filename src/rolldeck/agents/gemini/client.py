"""Google's SDK on our own transport."""

import httpx2
from google import genai
from google.genai import types

from rolldeck.agents.models.network import ssl_context
from rolldeck.agents.models.provider import Setup

_LOCATION = "global"


def client_of(setup: Setup) -> genai.Client:
    """Return Google's client on our own transport. Its other ways out are never used, and given what they need to be cheap."""
    access, context = setup.access, ssl_context()
    options = types.HttpOptions(
        base_url=access.base_url,
        httpx_async_client=setup.client,
        httpx_client=httpx2.Client(verify=context),
        async_client_args={"ssl": context},
    )
    if (project := access.option("project")) is not None:
        # Without a location, and with an address of its own, the SDK would forget the project, too.
        location = access.option("location") or _LOCATION
        return genai.Client(vertexai=True, project=project, location=location, http_options=options)
    key = access.key.get_secret_value() if access.key else None
    return genai.Client(vertexai=False, api_key=key, http_options=options)
