from rolldeck.domain.log import Tail


def test_a_tail_keeps_the_newest_lines_and_says_how_many_it_does_not() -> None:
    tail = Tail(most_characters=30)
    for number in range(10):
        tail.add(f"line number {number}")
    assert tail.text == "(8 lines before are not kept)\nline number 8\nline number 9"


def test_a_line_without_end_is_cut_and_one_longer_than_the_tail_is_kept_alone() -> None:
    tail = Tail(most_characters=5, most_of_a_line=10)
    tail.add("short")
    tail.add("x" * 1_000_000)
    assert tail.text == "(1 lines before are not kept)\n" + "x" * 10 + "… (1000000 characters)"


def test_text_of_several_lines_cannot_pretend_to_be_the_line_of_another() -> None:
    tail = Tail()
    tail.add("log: a\r\n12:00:00.000 error: forged")
    assert tail.text == "log: a\n    12:00:00.000 error: forged"
