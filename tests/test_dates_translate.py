import io
import subprocess
import sys

import numpy as np
import pytest

from attnlib.dates import translate
from attnlib.dates.model import Translation, init_date_model
from attnlib.stored_params import save_arrays


def command(monkeypatch, capsys, *arguments, lines=""):
    """Exit code, output and errors of the command."""
    monkeypatch.setattr(sys, "argv", ["attnlib.dates.translate", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    with pytest.raises(SystemExit) as stopped:
        translate.main()
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


@pytest.mark.parametrize(("text", "got"), [("", "got 0 in ''"), ("x" * 41, "got 41 in 'xxx")])
def test_a_text_that_is_empty_or_too_long_gets_an_error_line_and_the_others_their_answers(
    monkeypatch, capsys, text, got
):
    for arguments, lines in (((text, "7.6.21"), ""), ((), f"{text}\n7.6.21\n")):
        code, out, err = command(monkeypatch, capsys, *arguments, lines=lines)
        assert code == 1
        assert answers(out) == [("7.6.21", "2021-06-07")]
        assert err.count("\n") == 1
        assert f"{text}\ta text must have 1 to 40 characters: {got}" in err


def test_no_lines_at_all(monkeypatch, capsys):
    assert command(monkeypatch, capsys) == (0, "", "")


@pytest.mark.parametrize(
    ("answer", "confidence", "is_date", "words"),
    [
        ("2021-06-07", 0.99, True, "2021-06-07\tconfidence 0.990"),
        ("2021-06-07", 0.5, True, "2021-06-07, but not sure\tconfidence 0.500"),
        ("?", 0.99, False, "no date\tconfidence 0.990"),
        ("?", 0.5, False, "no date, but not sure\tconfidence 0.500"),
        ("2021-02-30", 0.99, False, "no day of the calendar (2021-02-30)\tconfidence 0.990"),
        ("", 0.2, False, "no day of the calendar (no answer)\tconfidence 0.200"),
    ],
)
def test_what_the_model_is_not_sure_of_is_marked(answer, confidence, is_date, words):
    assert translate.line(Translation("text", answer, confidence, is_date)) == f"text\t{words}"


def test_weights_of_one_s_own(monkeypatch, capsys, tmp_path):
    save_arrays(tmp_path / "own.npz", init_date_model(np.random.default_rng(0)))
    code, out, _ = command(monkeypatch, capsys, "--weights", tmp_path / "own.npz", "7.6.21")
    assert code == 0
    assert "2021-06-07\t" not in out  # nothing learned yet


def test_weights_that_are_not_there_or_another_model_s_are_said_in_one_line(monkeypatch, capsys, tmp_path):
    save_arrays(tmp_path / "other.npz", (np.zeros(3),))
    for name, words in (("none.npz", "No such file"), ("other.npz", "other.npz must hold 66 arrays: got 1")):
        code, out, err = command(monkeypatch, capsys, "--weights", tmp_path / name, "7.6.21")
        assert (code, out) == (2, "")
        assert words in err
        assert "Traceback" not in err


def test_the_module_runs_as_a_command():
    run = subprocess.run(
        [sys.executable, "-m", "attnlib.dates.translate", "June 7th, 2021"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0
    assert run.stdout.startswith("June 7th, 2021\t2021-06-07\tconfidence 0.9") or "confidence 1.0" in run.stdout
