"""When one rollout answers for another."""

import hashlib
import json

from pydantic import JsonValue


def reuse_key(
    *,
    task_id: str,
    task_version: str,
    template: str,
    agent: str,
    model: str | None,
    parameters: dict[str, JsonValue],
    extraction: str | None,
    seed: int,
) -> str:
    """Return the hash (SHA-256, hexadecimal, 32 characters) of all that a rollout's result may follow from."""
    identity = [task_id, task_version, template, agent, model, parameters, seed]
    identity += [] if extraction is None else [extraction]
    canonical = json.dumps(identity, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
