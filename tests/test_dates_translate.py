import contextlib
import io
import os
import subprocess
import sys

import numpy as np
import pytest

from attnlib.dates import translate
from attnlib.dates.command import run
from attnlib.dates.model import Translation, init_date_model
from attnlib.stored_params import save_arrays
from tests.streams import Leaving

COMMAND = [sys.executable, "-m", "attnlib.dates.translate"]


def command(monkeypatch, capsys, *arguments, lines=""):
    """Exit code, output and errors of the command."""
    given = lines if isinstance(lines, bytes) else lines.encode()
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.translate", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="ascii"))
    with pytest.raises(SystemExit) as stopped:
        run(translate.main)
    return stopped.value.code, *capsys.readouterr()


def answers(out):
    """Text and answer of each line."""
    return [tuple(line.split("\t")[:2]) for line in out.splitlines()]


def test_dates_from_arguments(monkeypatch, capsys):
    code, out, err = command(monkeypatch, capsys, "June 7th, 2021", "7.6.21", "le 1er mars 1999")
    assert (code, err) == (0, "")
    assert answers(out) == [
        ("June 7th, 2021", "2021-06-07"),
        ("7.6.21", "2021-06-07"),
        ("le 1er mars 1999", "1999-03-01"),
    ]
    assert all(float(line.split("\tconfidence ")[1]) > 0.9 for line in out.splitlines())


def test_dates_from_standard_input_one_a_line(monkeypatch, capsys):
    code, out, err = command(monkeypatch, capsys, lines="June 7th, 2021\n  2021年6月7日  \n7 Jun 21")
    assert (code, err) == (0, "")
    assert answers(out) == [(text, "2021-06-07") for text in ("June 7th, 2021", "2021年6月7日", "7 Jun 21")]


def test_what_is_no_date_is_said_to_be_none(monkeypatch, capsys):
    code, out, err = command(monkeypatch, capsys, "hello")
    assert (code, err) == (0, "")
    assert out.startswith("hello\tno date")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "a text must have 1 to 40 characters: got 0 in ''"),
        (b"x" * 41, "a text must have 1 to 40 characters: got 41 in 'xxxxxxxxxxxx...xxxxxxxxxxxxx'"),
        (b"x" * 100_000, "a text must have 1 to 40 characters: got 100000 in 'xxxxxxxxxxxx...xxxxxxxxxxxxx'"),
        ("7 März 2021".encode("cp1252"), r"a text must be in UTF-8: got '7 M\udce4rz 2021'"),
    ],
)
def test_a_text_that_cannot_be_read_gets_an_error_line_and_the_others_their_answers(monkeypatch, capsys, text, words):
    given = ["6.6.21", text.decode(errors="surrogateescape"), "7.6.21"]  # as Python reads its arguments
    for kind, arguments, lines in (("text", given, b""), ("line", (), b"6.6.21\n" + text + b"\n7.6.21\n")):
        code, out, err = command(monkeypatch, capsys, *arguments, lines=lines)
        assert code == 1
        assert answers(out) == [("6.6.21", "2021-06-06"), ("7.6.21", "2021-06-07")]
        assert err == f"{kind} 2: {words}\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_first_line_and_the_last_count_however_lines_end(monkeypatch, capsys, mark, end):
    lines = mark + end.join([b"6.6.21", "2021年6月7日".encode(), b"8.6.21"])
    for last in (b"", end):
        code, out, err = command(monkeypatch, capsys, lines=lines + last)
        assert (code, err) == (0, "")
        assert answers(out) == [("6.6.21", "2021-06-06"), ("2021年6月7日", "2021-06-07"), ("8.6.21", "2021-06-08")]


@pytest.mark.parametrize(
    "text",
    [
        "-7.6.2021",
        "–7.6.2021",
        "7\xa0juin\xa02021",
        "7. Ju\xadni 2021",
        "２０２１年６月７日",
        "7–6–2021",
        "7. Juni\t2021",
    ],
)
def test_texts_as_they_come_are_read(monkeypatch, capsys, text):
    for arguments, lines in (((text,), ""), ((), text)):
        code, out, err = command(monkeypatch, capsys, *arguments, lines=lines)
        assert (code, err) == (0, "")
        assert answers(out) == [(" ".join(text.split()), "2021-06-07")]


def test_a_text_may_begin_like_an_option_and_options_stand_anywhere(monkeypatch, capsys, tmp_path):
    save_arrays(tmp_path / "own.npz", init_date_model(np.random.default_rng(0)))
    weights = ("--weights", str(tmp_path / "own.npz"))
    for arguments in (
        ("-7.6.2021", "-", "8.6.21", *weights),
        ("-7.6.2021", *weights, "-", "8.6.21"),
        (*weights, "--", "-7.6.2021", "-", "8.6.21"),
        (*weights, "-7.6.2021", "--", "-", "8.6.21"),
    ):
        code, out, err = command(monkeypatch, capsys, *arguments)
        assert (code, err) == (0, "")
        assert [text for text, _ in answers(out)] == ["-7.6.2021", "-", "8.6.21"]
        assert "2021-06-08\t" not in out  # nothing learned yet
    _, out, _ = command(monkeypatch, capsys, "--", "--help", "--weights")
    assert [text for text, _ in answers(out)] == ["--help", "--weights"]
    for option in ("--wieghts", "-W", "-w"):
        code, out, err = command(monkeypatch, capsys, option, "7.6.21")
        assert (code, out) == (2, "")
        assert f"unrecognized arguments: {option}" in err


def test_no_lines_at_all(monkeypatch, capsys):
    assert command(monkeypatch, capsys) == (0, "", "")


@pytest.mark.parametrize(
    ("answer", "confidence", "is_date", "other_year", "words"),
    [
        ("2021-06-07", 0.99, True, False, "2021-06-07\tconfidence 0.990"),
        ("2021-06-07", 0.5, True, False, "2021-06-07, but not sure\tconfidence 0.500"),
        ("2021-06-07", 0.8996, True, False, "2021-06-07\tconfidence 0.900"),  # what is printed decides
        ("2021-06-07", 0.8994, True, False, "2021-06-07, but not sure\tconfidence 0.899"),
        ("2021-06-07", 0.99, True, True, "2021-06-07, but the text has another year\tconfidence 0.990"),
        ("2021-06-07", 0.5, True, True, "2021-06-07, but the text has another year\tconfidence 0.500"),
        ("?", 0.99, False, False, "no date\tconfidence 0.990"),
        ("?", 0.5, False, False, "no date, but not sure\tconfidence 0.500"),
        ("2021-02-30", 0.99, False, False, "no day of the calendar (2021-02-30)\tconfidence 0.990"),
        ("", 0.2, False, False, "no day of the calendar (no answer)\tconfidence 0.200"),
    ],
)
def test_what_the_model_is_not_sure_of_is_marked(answer, confidence, is_date, other_year, words):
    assert translate.line(Translation("text", answer, confidence, is_date, other_year)) == f"text\t{words}"


def test_years_outside_training_are_marked_and_help_says_which_they_are(monkeypatch, capsys):
    _, out, _ = command(monkeypatch, capsys, "20 July 1949", "20 July 1950")
    outside, inside = out.splitlines()
    assert ", but the text has another year\t" in outside
    assert inside.startswith("20 July 1950\t1950-07-20\t")


def test_help_says_what_it_does_what_it_takes_and_what_it_does_not_know(monkeypatch, capsys):
    code, out, _ = command(monkeypatch, capsys, "--help")
    assert code == 0
    words = " ".join(["", *out.split(), ""])
    assert out.startswith("usage: python -m attnlib.dates.translate [-h] [--weights WEIGHTS] [dates ...]\n")
    for said in (
        "Translate dates to ISO 8601.",
        "texts; none: lines of standard input, in UTF-8",
        "weights that python -m attnlib.dates.train has written",
        "The model was trained on the years 1950 to 2049. Its confidence is its own and can be wrong, above all for "
        "other years and other ways to write a date.",
    ):
        assert f" {said} " in words


def test_weights_of_one_s_own(monkeypatch, capsys, tmp_path):
    save_arrays(tmp_path / "own.npz", init_date_model(np.random.default_rng(0)))
    code, out, _ = command(monkeypatch, capsys, "--weights", tmp_path / "own.npz", "7.6.21")
    assert code == 0
    assert "2021-06-07\t" not in out  # nothing learned yet


def test_weights_that_cannot_be_used_are_said_in_one_line(monkeypatch, capsys, tmp_path):
    save_arrays(tmp_path / "other.npz", (np.zeros(3),))
    save_arrays(tmp_path / "whole.npz", init_date_model(np.random.default_rng(0)))
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-1000])
    (tmp_path / "flipped.npz").write_bytes(whole[:5000] + bytes([whole[5000] ^ 255]) + whole[5001:])
    (tmp_path / "empty.npz").touch()
    (tmp_path / "text.npz").write_bytes(b"7.6.21")
    (tmp_path / "folder.npz").mkdir()
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name, words in {
        "none.npz": "No such file",
        "other.npz": "other.npz must hold 66 arrays: got 1",
        "cut.npz": "cut.npz is no .npz file, or was cut short",
        "flipped.npz": "flipped.npz is damaged",
        "empty.npz": "empty.npz is no .npz file",
        "text.npz": "text.npz is no .npz file",
        "one.npy": "one.npy is no .npz file",
        "folder.npz": "",  # "Is a directory", on Windows "Permission denied"
    }.items():
        code, out, err = command(monkeypatch, capsys, "--weights", tmp_path / name, "7.6.21")
        assert (code, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1


# Many lines, and their end


class Stream:
    """Bytes that arrive in these pieces."""

    def __init__(self, *pieces):
        self.pieces = iter(pieces)

    def read1(self, size):
        assert size > 0
        return next(self.pieces, b"")


@pytest.mark.parametrize(
    ("pieces", "lists"),
    [
        ([], [[]]),
        ([b"a\n"], [["a"], []]),
        ([b"a\nb\nc"], [["a", "b"], ["c"]]),
        ([b"a", b"b\nc", b"\n\n"], [[], ["ab"], ["c", ""], []]),
        ([b"a\r", b"\nb\r"], [[], ["a"], ["b"]]),
        ([b"\xef\xbb", b"\xbfa\xe5", b"\xb9\xb4\n\xe5"], [[], [], ["a年"], ["\udce5"]]),
    ],
)
def test_lines_are_there_as_soon_as_their_end_has_arrived(pieces, lists):
    assert list(translate.arriving_lines(Stream(*pieces))) == lists


def test_many_lines_are_translated_together_and_counted_on(monkeypatch, capsys):
    sizes, original = [], translate.translate
    monkeypatch.setattr(translate, "BATCH", 3)
    monkeypatch.setattr(translate, "translate", lambda p, texts: sizes.append(len(texts)) or original(p, texts))
    days = [f"{day}.6.21" for day in range(1, 9)]
    code, out, err = command(monkeypatch, capsys, lines="\n".join([*days[:4], "", *days[4:]]))
    assert (code, sizes) == (1, [3, 2, 2, 1])  # without the empty one; the last line has no end
    assert err.startswith("line 5: ")
    assert answers(out) == [(day, f"2021-06-{number:02}") for number, day in enumerate(days, 1)]


def test_a_line_is_answered_before_the_next_one_is_there():
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", bufsize=1
    ) as asked:
        for day in (7, 8):
            asked.stdin.write(f"{day}.6.21\n")
            assert asked.stdout.readline().startswith(f"{day}.6.21\t2021-06-0{day}\t")
        asked.stdin.close()
        assert asked.wait() == 0


def test_each_answer_and_each_fault_is_let_go_at_once(monkeypatch):
    for name, text in (("stdout", "7.6.21"), ("stderr", "")):
        monkeypatch.setattr(sys, name, stream := Leaving())
        translate.print_answers(translate.load_date_model(), [text], "line", 1)
        assert stream.gone == stream.getvalue() != ""


def test_an_interrupt_ends_it_without_a_word(monkeypatch, capsys):
    def interrupted(stream):
        raise KeyboardInterrupt

    monkeypatch.setattr(translate, "arriving_lines", interrupted)
    assert command(monkeypatch, capsys) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another error for it")
def test_a_reader_who_has_seen_enough_ends_it_without_a_word():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        asked.stdin.write(b"7.6.21\n")
        asked.stdin.flush()
        assert asked.stdout.readline().startswith(b"7.6.21\t2021-06-07")
        asked.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            asked.stdin.write(b"7.6.21\n" * 2000)
            asked.stdin.close()
        assert asked.stderr.read() == b""
        assert asked.wait() == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is always full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        ran = subprocess.run([*COMMAND, "7.6.21"], stdout=full, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert ran.returncode == 2
    assert ran.stderr.endswith("No space left on device\n")
    assert ran.stderr.count("\n") == 1


def test_what_is_still_to_be_written_at_the_end_fails_in_one_line_too(monkeypatch, capsys, tmp_path):
    """Nor does Python, when it closes the output, try once more."""

    class Full(io.StringIO):
        def flush(self):
            raise OSError("no room")

    with open(tmp_path / "output", "w") as file:
        full = Full()
        full.fileno = file.fileno
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as stopped:
            run(lambda: print("7.6.21"))
        assert os.path.samestat(os.fstat(file.fileno()), os.stat(os.devnull))
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "no room\n"


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "cp874", "cp852", "ascii", "utf-8"])
def test_no_encoding_of_the_output_stops_it(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.translate", "2021年6月7日", "7 juin 2021"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    with pytest.raises(SystemExit) as stopped:
        run(translate.main)
    assert stopped.value.code == 0
    first, second = written.getvalue().decode(encoding).splitlines()
    assert first.split("\t")[:2] in (["2021年6月7日", "2021-06-07"], [r"2021\u5e746\u67087\u65e5", "2021-06-07"])
    assert second.startswith("7 juin 2021\t2021-06-07")


def test_without_standard_input_texts_are_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.translate"])
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit) as stopped:
        run(translate.main)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith("error: no texts, and no standard input\n")


def test_the_module_runs_as_a_command():
    ran = subprocess.run([*COMMAND, "June 7th, 2021"], capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0
    assert ran.stdout.startswith("June 7th, 2021\t2021-06-07\tconfidence 0.9") or "confidence 1.0" in ran.stdout
