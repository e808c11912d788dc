import re

from matplotlib.figure import Figure

from stalstm.show import document

CODE = "<script>alert(1)</script>"


def test_text_is_never_code():
    parts = [
        document.heading(CODE),
        document.paragraph(CODE),
        document.code(CODE),
        document.table([CODE], [[CODE, document.link(CODE, CODE)]]),
        document.picture(Figure(), CODE),
    ]
    text = document.page(CODE, parts)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 11


def test_numbers_are_on_the_right():
    text = document.table([], [["a", 3, "12.5%", "1.2.3"]])
    assert re.findall("<td class=number>(.*?)</td>", text) == ["3", "12.5%"]


def test_a_picture_is_within_the_document():
    text = document.page("x", [document.picture(Figure())])
    (source,) = re.findall('src="(.{20})', text)
    assert source == "data:image/png;base6"
