"""What Metabase tells of its start: ``/api/health`` answers how far it is, in steps that its source names."""

import json

_STEPS = (
    (0.0, "its Java machine has just started"),
    (0.1, "it begins"),
    (0.2, "it loads its plugins"),
    (0.3, "it waits for its application database, or migrates that"),
    (0.4, "its application database is ready, it sets up its metrics"),
    (0.5, "it sets up its scheduler"),
    (0.6, "it looks whether it has been set up before"),
    (0.7, "it loads its sample content"),
    (0.8, "it prepares its notifications"),
    (0.85, "it looks through its settings"),
    (0.9, "it looks after its databases"),
    (0.95, "it starts its scheduler"),
)
"""From which progress on it does what (Metabase's ``core.clj``, versions 0.50 to 0.60)."""


def meaning_of(health_body: str) -> str | None:
    """Say in words what an answer that is not ``ok`` means; None where it says nothing that is known."""
    try:
        answer = json.loads(health_body)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    status, progress = answer.get("status"), answer.get("progress")
    if status == "initializing" and isinstance(progress, int | float):
        doing = [name for begins, name in _STEPS if begins <= progress]
        return f"Metabase starts: {doing[-1] if doing else _STEPS[0][1]} ({progress:.0%} of its start)"
    if isinstance(status, str) and "app-db" in status:
        return f"Metabase does not reach its application database ({status})"
    return None
