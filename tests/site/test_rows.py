"""Rows of a file: nothing a file holds stops the good rows, fills the memory or shows a traceback."""

import csv
import os
import resource
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.site.rows import LONGEST_LINE, Row, read_rows


def rows(path: Path) -> list[Row]:
    return [row for row in read_rows(path) if isinstance(row, Row)]


def faults(path: Path) -> list[InputError]:
    return [row for row in read_rows(path) if isinstance(row, InputError)]


def write(folder: Path, content: bytes, name: str = "cars.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_cells_come_by_column_with_the_line_they_stand_on(tmp_path: Path) -> None:
    path = write(tmp_path, b"vin,make\nA,HONDA\n\nB,FORD\n")
    assert rows(path) == [Row(2, {"vin": "A", "make": "HONDA"}), Row(4, {"vin": "B", "make": "FORD"})]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path, b'vin,note\nA,"dented, ""badly""\nin front"\nB,fine\n')
    assert rows(path) == [Row(2, {"vin": "A", "note": 'dented, "badly"\nin front'}), Row(4, {"vin": "B", "note": "fine"})]


def test_a_quote_that_nothing_closes_costs_one_row_and_not_the_file(tmp_path: Path) -> None:
    lines = b"".join(b"C%d,fine\n" % number for number in range(200))
    path = write(tmp_path, b'vin,note\nA,"open\n' + lines)
    assert len(rows(path)) == 200
    (fault,) = faults(path)
    assert fault.where.line == 2
    assert "quote is opened" in fault.what


def test_an_inch_sign_in_a_cell_joins_no_rows(tmp_path: Path) -> None:
    lines = [b'A%d,F150 6" LIFT\n' % number if number in {3, 19} else b"A%d,plain\n" % number for number in range(40)]
    assert len(rows(write(tmp_path, b"vin,model\n" + b"".join(lines)))) == 40


@pytest.mark.parametrize("odd", ["\x0b", "\u2028", "\x1c", "\x85"])
def test_what_only_some_take_for_a_line_end_cuts_nothing_off(tmp_path: Path, odd: str) -> None:
    assert rows(write(tmp_path, f"vin,note\nA,one{odd}two\n".encode())) == [Row(2, {"vin": "A", "note": f"one{odd}two"})]


def test_a_quote_at_the_end_of_a_file_that_nothing_closes_is_said_so(tmp_path: Path) -> None:
    first, second = faults(write(tmp_path, b'vin,note\nA,"open\nstill open\n'))
    assert (first.where.line, second.where.line) == (2, 3)
    assert "never closed" in first.what


@pytest.mark.parametrize("closing", [b'E,5,ok,X"\n', b'E,5,X",ok\n'])
def test_two_stray_quotes_lines_apart_swallow_no_row_between_them(tmp_path: Path, closing: bytes) -> None:
    path = write(tmp_path, b'lot,n,a,b\nA,1,"HON,c\nB,2,ok,d\nC,3,ok,e\n' + closing + b"F,6,ok,g\n")
    assert [row.line for row in rows(path)] == [3, 4, 5, 6]
    assert [fault.where.line for fault in faults(path)] == [2]


# A quoted cell may run over lines, unless one of them would be a row by itself: then it is taken for a stray quote and refused.
cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r\n"), max_size=8)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=20))
def test_every_row_that_a_csv_writer_wrote_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["a", "b"])
        writer.writerows(table)
    read = list(read_rows(path))
    expected = [dict(zip("ab", row, strict=True)) for row in table if any(cell.strip() for cell in row)]
    assert [row.cells for row in read if isinstance(row, Row)] == expected
    assert len(read) == len(expected)


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=30))
def test_no_line_is_lost_whatever_it_holds(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = write(tmp_path_factory.getbasetemp(), b"a,b\n" + b"".join(line + b"\n" for line in lines), "lines.csv")
    taken: set[int] = set()
    for row in read_rows(path):
        start = row.line if isinstance(row, Row) else row.where.line
        assert start is not None
        span = 1 + sum(cell.count("\n") for cell in row.cells.values()) if isinstance(row, Row) else 1
        taken.update(range(start, start + span))
    blank = {number for number, line in enumerate(lines, start=2) if not line.decode("utf-8", "replace").replace(",", "").strip()}
    assert set(range(2, len(lines) + 2)) - taken <= blank | {number for number, line in enumerate(lines, start=2) if b'"' in line}


@pytest.mark.parametrize("line", [b"A\n", b"A,B,C\n"])
def test_a_row_of_another_length_than_the_header_is_refused(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path, b"vin,make\n" + line + b"B,FORD\n")
    assert [row.line for row in rows(path)] == [3]
    assert "2, as the header" in str(faults(path)[0])


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    assert rows(write(tmp_path, "\ufeffvin,make\r\nA,雷诺\r\n".encode())) == [Row(2, {"vin": "A", "make": "雷诺"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n  \n", "the file is empty"),
        ("vin,make\nA,B\n".encode("utf-16"), "the file is UTF-16"),
        ("品牌,型号\n本田,雅阁\n".encode("gb18030"), "is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not"),
        (b"vin,make\rA,B\rC,D\r", "carriage return alone"),
        (b"vin;make\nA;B\n", "separated by ';'"),
        (b"vin\tmake\nA\tB\n", "separated by"),
        (b"vin,vin\nA,B\n", "the column 'vin' stands twice"),
        (b"x" * (LONGEST_LINE + 2), "longer than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(write(tmp_path, content))


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        rows(tmp_path / "missing.csv")


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match="no regular file"):
            rows(path)


def test_a_json_array_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a JSON array"):
        rows(write(tmp_path, b'[{"vin": "A"},\n{"vin": "B"}]\n', "cars.json"))


@pytest.mark.parametrize("bad", [b"A,\xff\xfe\n", b"A,\x00\n", b"A," + b"x" * (LONGEST_LINE + 9) + b"\n"])
def test_one_bad_line_costs_one_row(tmp_path: Path, bad: bytes) -> None:
    path = write(tmp_path, b"vin,make\nB,FORD\n" + bad + b"C,KIA\n")
    assert [row.line for row in rows(path)] == [2, 4]
    assert [fault.where.line for fault in faults(path)] == [3]


def test_json_lines_give_the_same_rows(tmp_path: Path) -> None:
    path = write(tmp_path, b'{"vin": "A", "year": 2010, "body": null}\n\n{"vin": "B"}\n', "cars.jsonl")
    assert rows(path) == [Row(1, {"vin": "A", "year": "2010", "body": ""}), Row(3, {"vin": "B"})]


@pytest.mark.parametrize(
    ("line", "message"), [(b"{", "no JSON"), (b"17", "no JSON object"), (b'{"vin": {"a": 1}}', "vin is not a single value")]
)
def test_a_line_that_is_no_object_costs_one_row(tmp_path: Path, line: bytes, message: str) -> None:
    path = write(tmp_path, line + b'\n{"vin": "B"}\n', "cars.jsonl")
    assert [row.line for row in rows(path)] == [2]
    assert message in str(faults(path)[0])


@pytest.mark.slow
def test_a_gigabyte_in_one_line_is_refused_within_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"vin,make\n")
        for _ in range(1024):
            file.write(b"x" * 1_048_576)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (fault,) = faults(path)
    assert fault.where.line == 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@given(
    content=st.binary(max_size=400),
    header=st.sampled_from([b"", b"vin,make\n", b"lotId,year\n"]),
    name=st.sampled_from(["x.csv", "x.jsonl"]),
)
def test_no_bytes_whatever_raise_anything_but_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bytes, name: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), header + content, name)
    with suppress(InputError):
        assert all(isinstance(row, (Row, InputError)) for row in read_rows(path))
