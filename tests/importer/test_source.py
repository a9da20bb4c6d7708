"""What is read from a file, before anything is stored."""

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from app.catalog.importer import source
from app.catalog.importer.options import ImportFailed
from app.catalog.importer.source import Record, Table, open_table

TEXT = "title,author,price\nThérèse Raquin,Émile Zola,9.99\n"


def read(path: Path, content: bytes | str) -> tuple[Table, list[Record]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_table(path) as table:
        return table, list(table.records())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "books.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_western_text_is_read_in_any_usual_encoding(path, encoding):
    _, records = read(path, TEXT.encode(encoding))
    assert [record.cells for record in records] == [["Thérèse Raquin", "Émile Zola", "9.99"]]


@pytest.mark.parametrize(
    ("encoding", "row"),
    [
        ("cp1250", "Złoty wiek – Żółw,Stanisław Lem,9"),
        ("cp1251", "Преступление и наказание,Фёдор Достоевский,8"),
        ("shift_jis", "ノルウェイの森とこころ,村上春樹,9"),
    ],
)
def test_other_scripts_are_recognised(path, encoding, row):
    _, records = read(path, f"title,author,price\n{row}\n".encode(encoding))
    assert ",".join(records[0].cells) == row


def test_the_first_accent_may_come_after_a_megabyte(path):
    plain = "title,author,price\n" + "Plain,Somebody,1\n" * 80_000
    _, records = read(path, (plain + "Amélie,Zoé,1\n").encode("cp1252"))
    assert records[-1].cells == ["Amélie", "Zoé", "1"]


def test_one_broken_byte_in_utf_8_costs_one_row(path):
    _, records = read(path, TEXT.encode() + b"Bad \xe9 byte,A,1\n" + "Où,B,2\n".encode())
    assert [bool(record.broken) for record in records] == [False, True, False]
    assert records[2].cells == ["Où", "B", "2"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(path, mark):
    table, records = read(path, TEXT.replace(",", mark).replace("9.99", "9,99" if mark != "," else "9.99"))
    assert table.delimiter == mark
    assert len(records[0].cells) == 3


def test_a_heading_with_commas_does_not_hide_the_delimiter(path):
    table, _ = read(path, "title;author;price;size (w, h, d, kg)\nA;B;1;1, 2, 3, 4\n")
    assert table.delimiter == ";"


def test_a_spreadsheet_may_name_the_delimiter(path):
    table, records = read(path, "sep=;\r\ntitle;author\r\nA;B\r\n")
    assert table.header == ["title", "author"]
    assert records[0].line == 3


def test_lines_are_counted_as_an_editor_does(path):
    _, records = read(path, 'title,author\n"A\nof two lines",B\n\nC,D\n')
    assert [(record.line, record.cells[0]) for record in records] == [(2, "A\nof two lines"), (5, "C")]


def test_cells_left_out_at_the_end_are_blank_and_blank_ones_too_many_are_dropped(path):
    _, records = read(path, "title,author,price\nA,B\nC,D,1,,\n")
    assert [record.broken for record in records] == [None, None]


@pytest.mark.parametrize(
    "damage",
    [
        'Lost,"quote,1',
        '"Closed" early,B,1',
        '"Escaped \\" badly",B,1',
        "Too,many,cells,here",
        '"never closed,1',
    ],
)
def test_a_damaged_row_costs_itself_only(path, damage):
    after = "".join(f'"Title, {number}","Author, {number}",1\n' for number in range(1200))
    _, records = read(path, f"title,author,price\nFirst,B,1\n{damage}\n{after}")
    assert [record.line for record in records if record.broken] == [3]
    assert len(records) == 1202
    assert [record.line for record in records] == list(range(2, 1204))


def test_a_quote_never_closed_does_not_swallow_the_rows_after_it(path):
    after = "".join(f"Title {number},B,1\n" for number in range(3000))
    _, records = read(path, f'title,author,price\n"Lost,B,1\n{after}')
    assert [record.line for record in records if record.broken] == [2]
    assert len(records) == 3001


def test_a_quote_never_closed_reads_only_so_far_ahead(path):
    path.write_text('title,author\n"Lost,B\n' + "T,B\n" * 20_000)
    with open_table(path) as table:
        assert next(table.records()).broken
        assert len(table.lines.put_back) < 500


@pytest.mark.parametrize("start", ["", '"', '"Title,B\n', " "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_beyond_the_bound_costs_itself_only(path, start, end):
    long = start.replace("\n", end) + ("x" if start == "" else " ") * (3 * 1_048_576)
    _, records = read(path, f"title,author{end}A,B{end}{long}{end}C,D{end}E,F{end}")
    at = 3 + start.count("\n")
    assert [(record.line, record.cells[0]) for record in records if not record.broken] == [
        (2, "A"), (at + 1, "C"), (at + 2, "E"),
    ]  # fmt: skip
    broken = [record for record in records if record.broken]
    assert [record.line for record in broken] == list(range(3, at + 1))
    assert "is longer than 1048576 characters" in str(broken[-1].broken)
    assert len(broken[-1].cells[0]) == 1000


def test_a_line_of_just_the_bound_is_no_longer_than_it(path):
    _, records = read(path, "title,author\nA,B" + "," * (1_048_576 - 4) + "\nC,D")
    assert [(record.line, record.broken, record.cells[:2]) for record in records] == [
        (2, None, ["A", "B"]), (3, None, ["C", "D"]),
    ]  # fmt: skip


def test_a_line_without_end_is_the_last_row(path):
    _, records = read(path, "title,author\nA,B\n" + "x" * 2_000_000)
    assert [(record.line, bool(record.broken)) for record in records] == [(2, False), (3, True)]


def test_a_long_line_is_not_held_in_memory(path):
    path.write_bytes(b"title,author\n" + b"x" * 60_000_000 + b"\nA,B\n")
    tracemalloc.start()
    with open_table(path) as table:
        assert [bool(record.broken) for record in table.records()] == [True, False]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(("before", "line"), [("", 1), ("sep=;\n", 2)])
def test_a_header_beyond_the_bound_is_refused(path, before, line):
    with pytest.raises(ImportFailed, match=f"^Line {line}, the header, is longer than"):
        read(path, before + "title;author;" + "x" * 2_000_000 + "\nA;B\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("stray", [b"\0", b"\n", b"A", b"\xff"])
def test_a_stray_byte_at_the_end_of_wide_text_costs_no_other_row(path, encoding, stray):
    _, records = read(path, (TEXT + "Où,B,2\n").encode(encoding) + stray)
    assert [(record.line, record.cells[0], bool(record.broken)) for record in records[:2]] == [
        (2, "Thérèse Raquin", False), (3, "Où", False),
    ]  # fmt: skip
    assert [(record.line, record.broken) for record in records[2:]] == [
        (4, "holds bytes that are not text in the file's encoding")
    ]


def test_half_a_character_inside_wide_text_costs_its_row_only(path):
    _, records = read(path, TEXT.encode("utf-16") + b"\x00\xd8" + ("Bad,B,1\n" + "Où,B,2\n").encode("utf-16-le"))
    assert [bool(record.broken) for record in records] == [False, True, False]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n ", "is empty"),
        (b"\xef\xbb\xbf", "not a CSV header"),
        (b"\ntitle,author\n", "not a CSV header"),
        (b"PK\x03\x04" + bytes(100), "spreadsheet or archive, not CSV"),
        (gzip.compress(b"title", mtime=0), "compressed file, not CSV"),
        (b"\x7fELF" + bytes(range(256)), "binary file, not CSV"),
        (b"title\n" + bytes(range(256)), "binary file, not CSV"),
        ("title,author".encode("utf-16-le"), "binary file, not CSV"),
    ],
)
def test_what_is_no_csv_is_refused_in_one_sentence(path, content, sentence):
    with pytest.raises(ImportFailed, match=sentence) as refusal:
        read(path, content)
    assert str(refusal.value).count(". ") == 0
    assert str(refusal.value).endswith(".")


def test_a_file_that_cannot_be_opened_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ImportFailed, match="There is no file"), open_table(tmp_path / "none.csv"):
        pass
    with pytest.raises(ImportFailed, match="cannot be read"), open_table(tmp_path):
        pass


def test_a_file_that_cannot_be_read_for_a_reason_of_no_number_is_told_in_its_words(path, monkeypatch):
    def refuse(_path):
        raise OSError("The disk is on strike.")

    monkeypatch.setattr(source, "detect_encoding", refuse)
    with pytest.raises(ImportFailed, match=r"books.csv cannot be read \(The disk is on strike\): check"):
        read(path, TEXT)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_pipe_is_refused_as_it_can_be_read_only_once(start):
    end, other_end = os.pipe()
    os.write(other_end, start + TEXT.encode())
    os.close(other_end)
    try:
        with pytest.raises(ImportFailed, match="can be read only once: save"), open_table(Path(f"/dev/fd/{end}")):
            pass
    finally:
        os.close(end)


def test_a_table_has_up_to_a_thousand_columns(path):
    """The report names those that are not used: half a million would be a page of ten megabytes."""
    table, _ = read(path, ",".join(f"c{n}" for n in range(1000)) + "\n")
    assert len(table.header) == 1000
    with pytest.raises(ImportFailed, match="has 1001 columns, where 1000 are allowed"):
        read(path, ",".join(f"c{n}" for n in range(1001)) + "\n")
