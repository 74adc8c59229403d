"""The variants of Anthropic's computer use: how each is declared, and how its calls are answered.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-reference. The toolsets take several calls in a
turn and want the name of their family echoed; the older tools need a beta header.
"""

from dataclasses import dataclass
from typing import Any, Literal

from rolldeck.agents.models.scale import Scale

ToolName = Literal["computer_toolset_20260801", "browser_toolset_20260801", "computer_20251124", "computer_20250124"]

# Members that need more than a screenshot, a mouse and a keyboard, or other pages than the one of the rollout. Those that
# the API leaves out by itself (scripts, uploads, console, network) stay out.
_WITHHELD = (
    "list_tabs",
    "new_tab",
    "switch_tab",
    "close_tab",
    "read_page",
    "get_page_text",
    "find",
    "form_input",
    "scroll_to",
)


@dataclass(frozen=True)
class Variant:
    """One variant. ``family`` is the ``toolset_name`` of its calls, None for a single tool whose input names the action.

    ``halted`` is what the calls after a failed one are answered with, word by word.
    """

    name: ToolName
    betas: tuple[str, ...] = ()
    family: Literal["computer", "browser"] | None = None
    halted: str = "Not executed: an earlier computer action in this turn failed."

    def declaration(self, scale: Scale) -> dict[str, Any]:
        """Return its entry in a request's ``tools``; all before it is the same in every request, and cached."""
        entry: dict[str, Any] = {"type": self.name, "cache_control": {"type": "ephemeral"}}
        match self.family:
            case "browser":
                entry["configs"] = {member: {"enabled": False} for member in _WITHHELD}
            case None:
                entry |= {"name": "computer"}
                entry |= {"display_width_px": scale.shown_width, "display_height_px": scale.shown_height}
        if self.name == "computer_20251124":
            entry["enable_zoom"] = True
        return entry


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("computer_toolset_20260801", family="computer"),
        Variant(
            "browser_toolset_20260801",
            family="browser",
            halted="Not executed: an earlier action in this turn failed.",
        ),
        Variant("computer_20251124", betas=("computer-use-2025-11-24",)),
        Variant("computer_20250124", betas=("computer-use-2025-01-24",)),
    )
}
