"""Whether there is room for another rollout."""

from pathlib import Path

from rolldeck.execution.headroom import Headroom

MORE_THAN_THERE_IS = 2**62


def test_with_room_enough_there_is_no_reason_not_to_claim(tmp_path: Path) -> None:
    assert Headroom([tmp_path], min_free_disk_bytes=1, min_free_memory_bytes=1)() is None


def test_a_disk_that_is_nearly_full_is_named(tmp_path: Path) -> None:
    reason = Headroom([tmp_path], min_free_disk_bytes=MORE_THAN_THERE_IS, min_free_memory_bytes=1)()
    assert reason is not None
    assert str(tmp_path) in reason
    assert "MB are free" in reason


def test_of_a_path_that_is_not_there_yet_the_disk_it_would_be_on_counts(tmp_path: Path) -> None:
    missing = tmp_path / "not" / "yet"
    assert Headroom([missing], min_free_disk_bytes=1, min_free_memory_bytes=1)() is None
    assert Headroom([missing], min_free_disk_bytes=MORE_THAN_THERE_IS, min_free_memory_bytes=1)() is not None


def test_memory_that_is_nearly_out_is_a_reason(tmp_path: Path) -> None:
    reason = Headroom([tmp_path], min_free_disk_bytes=1, min_free_memory_bytes=MORE_THAN_THERE_IS)()
    assert reason is not None
    assert "memory is nearly out" in reason
