"""Model traffic in a file, and played again."""

import base64
import hashlib
import json
from pathlib import Path

import httpx2
import pytest
from pydantic import JsonValue

from rolldeck.agents.models.answers import Answer
from rolldeck.agents.models.cassette import Cassette, CassetteLabel, Player, Recorder
from rolldeck.agents.models.redaction import Secrets
from rolldeck.domain.errors import AgentError, InvalidInput

KEY = "canary-key-0123456789"
LABEL = CassetteLabel(agent="gemini", model="m", task_id="q", task_version="v")
THEN, NOW = "http://127.0.0.1:4001", "http://127.0.0.1:4777"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
OTHER_PNG = PNG[:16] + bytes(reversed(range(256)))


def request(body: JsonValue, url: str = "https://api.example/v1/models/m:generate") -> httpx2.Request:
    return httpx2.Request("POST", url, json=body, headers={"x-api-key": KEY})


def said(picture: bytes, origin: str, **more: JsonValue) -> JsonValue:
    encoded = base64.b64encode(picture).decode()
    return {"url": f"{origin}/explore/?key=abc", "image": encoded, "data": f"data:image/png;base64,{encoded}", **more}


def recorded(path: Path, *exchanges: tuple[JsonValue, JsonValue]) -> Cassette:
    recorder = Recorder(path, LABEL, THEN, Secrets())
    for body, answer in exchanges:
        recorder(request(body), Answer(200, {}, json.dumps(answer).encode()))
    return Cassette.read(path)


async def test_what_is_played_again_is_what_was_answered_in_the_environment_of_now(tmp_path: Path) -> None:
    answer = {"go": f"{THEN}/sqllab/", "text": "é\n"}
    cassette = recorded(tmp_path / "c.jsonl", (said(PNG, THEN), answer))
    player = Player(cassette, NOW)
    again = await player(request(said(OTHER_PNG, NOW), "https://gateway.example/google/v1/models/m:generate"))
    assert json.loads(again.body) == {"go": f"{NOW}/sqllab/", "text": "é\n"}
    assert cassette.label == LABEL


async def test_pictures_are_kept_by_their_digest_and_keys_not_at_all(tmp_path: Path) -> None:
    recorded(tmp_path / "c.jsonl", (said(PNG, THEN, note=f"the key {KEY}"), {}))
    text = (tmp_path / "c.jsonl").read_text()
    assert text.count(hashlib.sha256(PNG).hexdigest()) == 2
    assert KEY not in text
    assert THEN not in text
    assert len(text) < 1000


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"a": 1, "b": [{"c": "y"}]}, r'request 1: request.b\[0\].c was "x", now "y"'),
        ({"a": 1}, r'request.b was \[{"c": "x"}\], now not there'),
        ({"a": 1, "b": [{"c": "x"}], "d": None}, r"request.d was not there, now null"),
        ({"a": 1, "b": [{"c": "x"}, 2]}, r"request.b had 1 items, now 2"),
        ({"a": True, "b": "x"}, r"request.a was 1, now true|request.b was"),
    ],
)
async def test_a_replay_that_differs_says_where(now: JsonValue, words: str, tmp_path: Path) -> None:
    cassette = recorded(tmp_path / "c.jsonl", ({"a": 1, "b": [{"c": "x"}]}, {}))
    with pytest.raises(AgentError, match=words):
        await Player(cassette, NOW)(request(now))


async def test_addresses_differ_where_their_paths_do(tmp_path: Path) -> None:
    cassette = recorded(tmp_path / "c.jsonl", ({"says": f"at {THEN}/a/?x=1 now"}, {}), ({"says": f"{THEN}/a"}, {}))
    player = Player(cassette, NOW)
    await player(request({"says": f"at {NOW}/a/?x=2 now"}))
    with pytest.raises(AgentError, match=r"request 2: request\.says"):
        await player(request({"says": f"{NOW}/b"}))


async def test_a_request_to_another_place_and_one_too_many_differ(tmp_path: Path) -> None:
    cassette = recorded(tmp_path / "c.jsonl", ({}, {}))
    with pytest.raises(AgentError, match="to was"):
        await Player(cassette, NOW)(request({}, "https://api.example/v1/models/other:generate"))
    player = Player(cassette, NOW)
    await player(request({}))
    with pytest.raises(AgentError, match="makes a request 2; the cassette has 1"):
        await player(request({}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1"),
        ('{"cassette": 2}', "line 1"),
        (LABEL.model_dump_json() + '\n{"to": 1}', "line 2"),
        (LABEL.model_dump_json() + "\nnonsense", "line 2"),
    ],
)
def test_a_file_that_is_no_cassette_is_refused_by_line(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(content)
    with pytest.raises(InvalidInput, match=words):
        Cassette.read(tmp_path / "c.jsonl")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        Cassette.read(tmp_path / "none.jsonl")
