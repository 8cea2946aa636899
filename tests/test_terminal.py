"""The table for the width and the signs of a terminal: nothing is cut, nothing is guessed."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from rich.console import Console

from evalkit.report.bars import ASCII, Bar, Bars, Signs, bar_lines
from evalkit.report.layout import blocks, grids
from evalkit.report.table import Table
from evalkit.report.terminal import console_for, print_table

ROWS = (("few-shot-k4", "4", "0.129", "BFSRS"), ("lora", "1,000", "0.516", ""))


def table(rows=ROWS, columns=("method", "examples", "f1", "optimizer"), names=1, **more):
    numeric = tuple(name in ("examples", "f1") for name in columns)
    return Table(columns=columns, numeric=numeric, rows=rows, notes=(), names=names, **more)


def lines_of(made, width):
    return [[grid.head, *grid.rows] for grid in grids(made, width)]


def drawn(bars, width=120, signs=ASCII):
    return [text + line for text, line in bar_lines(bars, width, signs)]


def bar(name, value, ends=None):
    return Bar(name=name, text=f"{value:.1f}", value=value, ends=ends)


def as_bars(*rows):
    return Bars(title="f1:", rows=rows)


class TestGrids:
    def test_a_table_that_fits_is_one_part(self):
        assert lines_of(table(), 80) == [
            [
                "method        examples      f1   optimizer",
                "few-shot-k4          4   0.129   BFSRS",
                "lora             1,000   0.516",
            ]
        ]
        assert [grid.width for grid in grids(table(), 80)] == [42]

    def test_columns_move_together_where_that_spares_a_part(self):
        ((head, *_),) = lines_of(table(), 41)
        assert head == "method       examples     f1  optimizer"

    def test_parts_repeat_the_names_and_leave_out_rows_that_say_nothing(self):
        assert lines_of(table(), 30) == [
            [
                "method        examples      f1",
                "few-shot-k4          4   0.129",
                "lora             1,000   0.516",
            ],
            ["method        optimizer", "few-shot-k4   BFSRS"],
        ]

    def test_no_line_is_wider_than_the_terminal(self):
        for width in range(24, 60):
            made = grids(table(), width)
            assert made
            assert all(len(line) <= width for grid in made for line in (grid.head, *grid.rows))

    def test_several_columns_may_name_a_row(self):
        made = table(columns=("method", "model", "f1", "optimizer"), names=2)
        heads = [lines[0] for lines in lines_of(made, 31)]
        assert heads == ["method        model      f1", "method        model   optimizer"]

    def test_where_a_column_does_not_fit_there_are_no_parts_but_blocks(self):
        assert grids(table(), 20) == []
        first, second = blocks(table())
        assert (first.name, first.lines[0]) == ("few-shot-k4", ("examples", "4"))
        assert second.lines == (("examples", "1,000"), ("f1", "0.516"))  # empty cells say nothing

    def test_wide_characters_count_twice_and_lines_are_joined(self):
        made = table(rows=(("日本", "1", "a\nb", "\x1b"), ("x", "2", "", "y")))
        assert lines_of(made, 80)[0] == [
            "method   examples    f1   optimizer",
            "日本            1   a b   \\x1b",
            "x               2         y",
        ]

    def test_a_table_of_names_alone(self):
        made = Table(columns=("method",), numeric=(False,), rows=(("a",),), notes=())
        assert lines_of(made, 80) == [["method", "a"]]


class TestBars:
    def test_all_bars_are_on_one_scale_whose_ends_are_told(self):
        made = as_bars(bar("a", 0.5, (0.0, 1.0)), bar("bc", 0.25, (0.0, 0.5)))
        assert drawn(made, 30) == [
            "  f1:",
            "    a   0.5  |-------o-------|",
            "    bc  0.2  |---o---|",
            "             0.000       1.000",
        ]

    def test_ends_are_where_the_numbers_are(self):
        (_, line), (_, other) = list(
            bar_lines(as_bars(bar("a", 0.0, (-1.0, 1.0)), bar("b", 3.0)), 200, ASCII)
        )[1:3]
        assert line == "|" + "-" * 11 + "o" + "-" * 11 + "|"
        assert (other.index("o"), len(other)) == (47, 48)

    def test_a_figure_at_the_end_of_its_interval_covers_the_end(self):
        assert drawn(as_bars(bar("a", 1.0, (0.0, 1.0))))[1].endswith("-o")
        assert "├─" in drawn(as_bars(bar("a", 1.0, (0.0, 1.0))), signs=Signs())[1]

    def test_where_there_is_no_room_beside_the_figures_they_stand_below(self):
        made = as_bars(bar("a-long-name", 0.5, (0.0, 1.0)), bar("b", 0.0))
        assert drawn(made, 30) == [
            "  f1:",
            "    a-long-name  0.5",
            "    |" + "-" * 11 + "o" + "-" * 12 + "|",
            "    b            0.0",
            "    o",
            "    0.000                1.000",
        ]

    def test_no_room_at_all_or_nothing_to_compare_leaves_the_figures(self):
        made = as_bars(bar("a", 0.5, (0.0, 1.0)))
        assert drawn(made, 15) == ["  f1:", "    a  0.5"]
        assert drawn(as_bars(bar("a", 0.5), bar("b", 0.5))) == [
            "  f1:", "    a  0.5", "    b  0.5"
        ]  # fmt: skip

    def test_long_ends_keep_apart(self):
        made = as_bars(bar("a", 0.0, (-1234567.0, 1234567.0)))
        lines = drawn(made, 34)
        assert lines[-1].split() == ["-1234567.000", "1234567.000"]
        assert max(map(len, lines)) <= 34

    def test_names_are_text(self):
        assert "\\x1b" in drawn(as_bars(bar("\x1b[2J", 0.5, (0.0, 1.0))))[1]


class TestPrinting:
    def text(self, width=40, made=None, **more):
        file = io.StringIO()
        console = Console(file=file, width=width, force_terminal=True, color_system=None, **more)
        print_table(console, made or table())
        return file.getvalue()

    def test_blocks_put_what_does_not_fit_below_its_heading(self):
        made = table(rows=(("few-shot", "4", "0.129 [0.100, 0.200]", "a word that is long"),))
        assert self.text(22, made).splitlines()[1:7] == [
            "few-shot",
            "  examples   4",
            "  f1",
            "    0.129 [0.100,",
            "    0.200]",
            "  optimizer",
        ]

    def test_notes_break_between_words_and_hang(self):
        made = Table(columns=("a",), numeric=(False,), rows=(), notes=("one two three four",))
        assert self.text(16, made).splitlines()[-2:] == ["  one two", "    three four"]

    def test_nothing_is_lost_at_any_width(self):
        made = table(
            rows=(("method-" + "x" * 30, "1", "2", "y" * 50),),
            bars=as_bars(bar("method-" + "x" * 30, 0.5, (0.0, 1.0))),
        )
        for width in (12, 20, 40, 60, 80, 120):
            text = re.sub(r"\s", "", self.text(width, made))
            assert "method-" + "x" * 30 in text
            assert "y" * 50 in text
            assert "…" not in text

    def test_a_stream_that_lacks_signs_gets_ascii(self):
        file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        made = table(
            rows=(("ü", "–", "−1", ""),),  # noqa: RUF001
            bars=as_bars(bar("日", 0.5, (0.0, 1.0))),
        )
        print_table(console_for(file), made)
        file.flush()
        text = file.buffer.getvalue().decode("ascii")
        assert "\\xfc" in text
        assert "\\u65e5" in text
        assert "|----" in text
        assert re.search(r" - +-1$", text, re.MULTILINE)

    def test_a_dumb_terminal_gets_ascii(self, monkeypatch):
        monkeypatch.setenv("TERM", "dumb")
        text = self.text(made=table(bars=as_bars(bar("a", 0.5, (0.0, 1.0)))))
        assert text.isascii()
        assert "|---" in text


CODE = """
from evalkit.report.bars import Bar, Bars
from evalkit.report.table import Table
from evalkit.report.terminal import console_for, print_table
rows = tuple((f"method-{n}", *("0.123" for _ in range(9))) for n in range(3))
columns = ("method", *(f"figure-{n}" for n in range(9)))
bars = Bars(title="f1 with its 95% interval:", rows=tuple(
    Bar(name=row[0], text="0.500 [0.000, 1.000]", value=0.5, ends=(0.0, 1.0)) for row in rows))
note = " ".join(["several", "words"] * 20)
print_table(console_for(None), Table(columns=columns, numeric=(False, *(True,) * 9), rows=rows,
                                     notes=(note,), bars=bars))
"""


class TestRealTerminal:
    def shown(self, columns, **more):
        """What a process prints that is connected to a terminal of so many columns."""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
        env |= {"TERM": "xterm-256color", "PYTHONUTF8": "1", **more}
        process = subprocess.Popen([sys.executable, "-c", CODE], stdout=child, env=env)
        os.close(child)
        found = b""
        while True:
            try:
                part = os.read(parent, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            found += part
        os.close(parent)
        assert process.wait() == 0
        return found.decode("utf-8").replace("\r\n", "\n")

    @pytest.mark.parametrize("columns", [40, 60, 80, 120])
    def test_no_line_is_too_long_for_it(self, columns):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.shown(columns))
        assert max(map(len, plain.splitlines())) <= columns
        assert plain.count("figure-8") == 1
        assert plain.count("words") == 20
        assert "├─" in plain

    def test_colours_only_where_they_are_wanted(self):
        assert "\x1b[36m" in self.shown(80)
        assert "\x1b[36m" not in self.shown(80, NO_COLOR="1")

    def test_a_pipe_gets_plain_whole_lines(self):
        env = {**os.environ, "PYTHONUTF8": "1", "TERM": "xterm-256color", "COLUMNS": "40"}
        done = subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, env=env, encoding="utf-8"
        )
        assert "\x1b" not in done.stdout
        assert done.stdout.splitlines()[1].endswith("figure-8")
        assert done.stdout.splitlines()[-1].count("words") == 20
