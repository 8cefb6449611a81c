import pytest

from autarky.errors import InputError
from autarky.facts.yaml_tree import DEEPEST, parse_document, read_document


def data_of(text):
    return parse_document(text, "file.yaml").data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2025-12-02", "2025-12-02"),
        ("2025-12", "2025-12"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("20k to 30k wafer/month", "20k to 30k wafer/month"),
        ("'7'", "7"),
        ('"true"', "true"),
        ('"nan"', "nan"),
        ("7", 7),
        ("-7", -7),
        ("007", 7.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
    ],
)
def test_a_plain_value_is_read_as_it_is_meant(text, value):
    read = data_of(f"key: {text}")["key"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_always_text():
    assert list(data_of("2024: a\n2024-12: b\nNO: c\n1.5: d\ntrue: e\n")) == ["2024", "2024-12", "NO", "1.5", "true"]


def test_an_empty_text_has_no_data():
    assert data_of("") is None
    assert data_of("# a remark\n") is None


NESTED = """\
label: Two fabs
fabs:
  north:
    capacity: {2024-12: 20k wafer/month, 2025-12: 30k wafer/month}
    notes: [one, two,
            three]
  south: 7
"""


@pytest.mark.parametrize(
    ("at", "place"),
    [
        ((), "1:1"),
        (("label",), "1:1"),
        (("fabs",), "2:1"),
        (("fabs", "north"), "3:3"),
        (("fabs", "north", "capacity"), "4:5"),
        (("fabs", "north", "capacity", "2025-12"), "4:42"),
        (("fabs", "north", "notes", 1), "5:18"),
        (("fabs", "north", "notes", 2), "6:13"),
        (("fabs", "south"), "7:3"),
        (("fabs", "north", "missing"), "3:3"),
        (("fabs", "north", "notes", 9), "5:5"),
        (("nothing", "of", "this"), "1:1"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_place_is_the_line_and_column_of_the_key(at, place, ends):
    document = parse_document(NESTED.replace("\n", ends), "file.yaml")
    assert document.place(at) == f"file.yaml:{place}"


def test_a_document_made_from_data_has_a_name_and_no_lines():
    document = parse_document("", "file.yaml")
    assert document.place(("any",)) == "file.yaml"


@pytest.mark.parametrize("encoded", [NESTED.encode(), b"\xef\xbb\xbf" + NESTED.encode()], ids=["plain", "bom"])
def test_a_byte_order_mark_changes_nothing(tmp_path, encoded):
    path = tmp_path / "file.yaml"
    path.write_bytes(encoded)
    document = read_document(path, "file.yaml")
    assert document.data == data_of(NESTED)
    assert document.place(("label",)) == "file.yaml:1:1"
    assert document.place(("fabs", "south")) == "file.yaml:7:3"


def test_windows_line_ends_give_the_same_data(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes(NESTED.replace("\n", "\r\n").encode())
    assert read_document(path).data == data_of(NESTED)


def test_columns_count_characters_and_not_bytes():
    document = parse_document("{é: ü, ß: 1}", "file.yaml")
    assert document.place(("ß",)) == "file.yaml:1:8"


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"^gone\.yaml  no such file$"):
        read_document(tmp_path / "gone.yaml", "gone.yaml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: *b", "file.yaml:1:4  YAML alias *b is not allowed; write the value out"),
        ("a: &b 1\n", None),
        ("a: 'x * y'", None),
        ("a: 3 *b", None),
        ("a: 1\nb: 2\na: 3", "file.yaml:3:1  a: this key already stands in line 1; keep one"),
        ("a:\n  - {b: 1, b: 2}", "file.yaml:2:12  a.0.b: this key already stands in line 2; keep one"),
        ("a: .NaN", "file.yaml:1:4  a: .NaN is not a usable number; give a finite value"),
        ("a: [-.inf]", "file.yaml:1:5  a.0: -.inf is not a usable number; give a finite value"),
        ("a: 1e400", "file.yaml:1:4  a: 1e400 is too large for a number; give a finite value"),
        ("a: " + "9" * 5000, f"file.yaml:1:4  a: {'9' * 20}... is too large for a number; give a finite value"),
        ("? [a]\n: 1", "file.yaml:1:3  a key must be text; write `key: value`"),
        ("a: !include b.yaml", "file.yaml:1:4  a: the YAML tag !include is not allowed; write a plain value"),
        (
            "a: !!python/object:os.system ls",
            "file.yaml:1:4  a: the YAML tag python/object:os.system is not allowed; write a plain value",
        ),
        (
            "a: 1\n---\nb: 2",
            "file.yaml:2:1  broken YAML: expected a single document in the stream, but found another document; "
            "check indentation, colons, brackets and quotes here",
        ),
        (
            "a: 1\nb: [1,\n  2\nc: 3",
            "file.yaml:4:2  broken YAML: while parsing a flow sequence begun in line 2, did not find expected "
            "',' or ']'; check indentation, colons, brackets and quotes here",
        ),
        (
            "a: 1\nb: {c: 2\n\n",
            "file.yaml:2:4  broken YAML: while parsing a flow mapping, did not find expected ',' or '}'; "
            "check indentation, colons, brackets and quotes here",
        ),
    ],
)
def test_what_is_not_plain_data_is_an_error_at_its_place(text, line):
    if line is None:
        data_of(text)
        return
    with pytest.raises(InputError) as caught:
        data_of(text)
    assert str(caught.value) == line


def test_every_problem_of_a_file_is_reported():
    with pytest.raises(InputError) as caught:
        data_of("a: .nan\nb: {c: 1, c: 2}\nd: .inf\n")
    assert [problem.place for problem in caught.value.problems] == ["file.yaml:1:4", "file.yaml:2:11", "file.yaml:3:4"]


def test_nesting_is_read_to_a_depth_that_no_scenario_needs():
    data_of("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(InputError, match=r"^file\.yaml:1:42  0\.0\.0: nested more than 40 levels deep; flatten it$"):
        data_of("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2))


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "a", "{a: " * 100_000])
def test_endless_nesting_neither_crashes_nor_hangs(text):
    with pytest.raises(InputError, match="exceeded maximum nesting depth"):
        data_of(text)
