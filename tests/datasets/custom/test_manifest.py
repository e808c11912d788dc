import codecs

import pytest

from datasets.custom.manifest import Row, classes, read_manifest
from datasets.raw import RawDataError


def write(folder, text):
    path = folder / "manifest.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def message(folder, text, line):
    path = write(folder, text)
    with pytest.raises(RawDataError) as error:
        read_manifest(path)
    assert str(error.value).startswith(f"{path}, line {line}: expected ")
    assert " Received: " in str(error.value)
    return str(error.value)


def row(line, file, label, **others):
    optional = ("subject", "group", "split", "start", "end")
    fields = {"metadata": {}, **dict.fromkeys(optional), **others}
    return Row(line=line, file=file, label=label, **fields)


def test_all_columns_are_read_in_any_order(tmp_path):
    path = write(
        tmp_path,
        "end,label,device,file,start,split,subject,group,room\n"
        "9,wave,kinect,a/b.csv,3,train,anna,1,\n"
        ",3,,c.npy,,,,,r 2\n",
    )
    manifest = read_manifest(path)
    assert manifest.columns == ("device", "room")
    assert manifest.rows == (
        row(
            2,
            "a/b.csv",
            "wave",
            subject="anna",
            group="1",
            split="train",
            start=3,
            end=9,
            metadata={"device": "kinect", "room": ""},
        ),
        row(3, "c.npy", "3", metadata={"device": "", "room": "r 2"}),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_line_ends_and_a_byte_order_mark_do_not_matter(mark, end, tmp_path):
    lines = ["file,label", "ä.csv,walking", "b.csv,running", ""]
    path = write(tmp_path, mark + end.join(lines).encode())
    assert read_manifest(path).rows == (
        row(2, "ä.csv", "walking"),
        row(3, "b.csv", "running"),
    )


def test_a_quoted_name_may_contain_commas_and_quotes(tmp_path):
    path = write(
        tmp_path, 'file,label\n"a,1.csv","he said ""go"""\nb.csv, "x, y"\n'
    )
    assert read_manifest(path).rows == (
        row(2, "a,1.csv", 'he said "go"'),
        row(3, "b.csv", "x, y"),
    )


def test_empty_lines_are_skipped_and_counted_as_lines(tmp_path):
    path = write(tmp_path, "\nfile,label\n\n , \na.csv,x\n\n")
    assert read_manifest(path).rows == (row(5, "a.csv", "x"),)


def test_a_whole_number_may_have_a_decimal_point(tmp_path):
    path = write(tmp_path, "file,label,start,end\na.csv,x,3.0,12.\n")
    assert read_manifest(path).rows == (row(2, "a.csv", "x", start=3, end=12),)


def test_equal_files_have_equal_paths(tmp_path):
    path = write(tmp_path, "file,label\n./a//b.csv,x\na\\b.csv,x\n")
    assert {row.file for row in read_manifest(path).rows} == {"a/b.csv"}


@pytest.mark.parametrize(
    ("header", "received"),
    [
        ("", "''"),
        ("path,label", "'path,label'"),
        ("file;label", "'file;label'"),
        ("file,label,split,split", "'file,label,split,split'"),
        ("file,label,", "'file,label,'"),
    ],
)
def test_a_wrong_first_line_is_named_with_the_columns(
    header, received, tmp_path
):
    text = message(tmp_path, header + "\n", line=1)
    assert "each once: file, label, and optionally subject, group" in text
    assert text.endswith(f"Received: {received}")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("a.csv,x,1", "expected 4 fields, as in the first line. Received: 3"),
        ("a.csv,x,1,2,3", "Received: 5: 'a.csv,x,1,2,3'"),
        (",x,,", "expected a file of printable characters. Received: ''"),
        ("a.csv,,,", "expected a label of printable characters. Received: ''"),
        ("a.csv,\0,,", "expected a label"),
        ("a\0.csv,x,,", "expected a file"),
        ('a.csv,"x\ny",,', "expected a label"),
        ("a.csv,x,5,4", "Received: start=5, end=4"),
        ("a.csv,x,-1,", "counted from 0, as start. Received: '-1'"),
        ("a.csv,x,1.5,", "as start. Received: '1.5'"),
        ("a.csv,x,,1e3", "as end. Received: '1e3'"),
        (f"a.csv,x,,{'9' * 5000}", "as end"),
        ("/etc/a.csv,x,,", "relative path and without '..'"),
        ("../a.csv,x,,", "Received: '../a.csv'"),
        ("b/../../a.csv,x,,", "inside the folder of the manifest"),
        ("..\\a.csv,x,,", "inside the folder"),
        ("C:\\a.csv,x,,", "inside the folder"),
        ('"a.csv,x,,', "Received: unexpected end of data"),
        ('"a".csv,x,,', "those with a comma in quotation marks"),
    ],
)
def test_a_wrong_line_is_named(fields, expected, tmp_path):
    text = f'file,label,start,end\n"b.csv",z,0,1\n\n{fields}\n'
    assert expected in message(tmp_path, text, line=4)


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    latin = "file,label\na.csv,x\nb.csv,größe\n".encode("latin1")
    assert "text in UTF-8. Received: b'\\xf6'" in message(tmp_path, latin, 3)
    utf16 = "file,label\na.csv,x\n".encode("utf16")
    assert "text in UTF-8" in message(tmp_path, utf16, 1)


def test_a_quote_that_is_never_closed_is_named_where_it_opens(tmp_path):
    many = "".join(f"{number}.csv,x\n" for number in range(50_000))
    text = message(tmp_path, f'file,label\n1.csv,"x\n{many}', line=2)
    assert "field larger than field limit" in text


def test_a_manifest_without_clips_is_an_error(tmp_path):
    path = write(tmp_path, "file,label\n\n")
    with pytest.raises(RawDataError, match="expected a line for each clip"):
        read_manifest(path)


def test_a_manifest_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(RawDataError, match="No such file"):
        read_manifest(tmp_path / "manifest.csv")


def test_a_name_of_many_rows_is_kept_once(tmp_path):
    lines = (f"{n}.csv,walk {n % 2},anna,roof\n" for n in range(1000))
    path = write(tmp_path, "file,label,subject,room\n" + "".join(lines))
    rows = read_manifest(path).rows
    assert len({id(row.label) for row in rows}) == 2
    assert len({id(row.subject) for row in rows}) == 1
    assert len({id(row.metadata["room"]) for row in rows}) == 1


def test_classes_are_sorted_and_numbers_by_value():
    assert classes(["b", "a", "b", "10"]) == ("10", "a", "b")
    assert classes(["10", "9", "-1", "2", "9"]) == ("-1", "2", "9", "10")


@pytest.mark.long(seconds=10)
def test_a_million_lines_are_read(tmp_path):
    lines = (f"long.csv,x,{n},{n}\n" for n in range(1_000_000))
    path = write(tmp_path, "file,label,start,end\n" + "".join(lines))
    rows = read_manifest(path).rows
    assert len(rows) == 1_000_000
    last = row(1_000_001, "long.csv", "x", start=999_999, end=999_999)
    assert rows[-1] == last
