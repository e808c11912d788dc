import re

from matplotlib.figure import Figure

from stalstm.show import document

CODE = "<script>alert(1)</script>"


def test_text_is_never_code(tmp_path):
    parts = [
        document.heading(CODE),
        document.paragraph(CODE),
        document.code(CODE),
        document.table([CODE], [[CODE, document.link(CODE, CODE)]]),
        document.picture(Figure(), CODE),
    ]
    document.write(tmp_path / "x.html", CODE, parts)
    text = (tmp_path / "x.html").read_text()
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 11


def test_numbers_are_on_the_right():
    text = document.table([], [["a", 3, "12.5%", "1.2.3"]])
    assert re.findall("<td class=number>(.*?)</td>", text) == ["3", "12.5%"]


def test_a_picture_is_within_the_document(tmp_path):
    document.write(tmp_path / "x.html", "x", [document.picture(Figure())])
    (source,) = re.findall('src="(.{20})', (tmp_path / "x.html").read_text())
    assert source == "data:image/png;base6"
