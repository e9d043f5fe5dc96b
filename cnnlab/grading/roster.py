"""A class list, and who in it a path belongs to."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

NAMES = ("name", "full name", "student", "student name")
FIRST = ("first name", "firstname", "given name")
LAST = ("last name", "lastname", "surname", "family name")
NUMBERS = (
    *("identifier", "id", "id number", "number", "student id", "matriculation number"),
    *("sis user id", "sis login id", "login", "login id", "username", "email", "email address"),
)
PLATFORMS = {"moodle": "identifier", "canvas": "id"}  # the column of the number in a download
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
SHORTEST = 4  # of a number found somewhere in a name
SHORTEST_NAME = 6  # of a name found somewhere in a name


@dataclass(frozen=True)
class Student:
    """A row of the class list.

    Attributes:
        name: first and last.
        row: {column, as in the file: value}.
    """

    name: str
    row: dict

    @cached_property
    def _small(self):
        return {column.strip().lower(): value.strip() for column, value in self.row.items()}

    def value(self, column):
        """What stands in a column, whatever the case of its name; "" if there is none."""
        return self._small.get(column, "")

    @property
    def number(self):
        """The first number, login or address in the row."""
        return next(filter(None, map(self.value, NUMBERS)), "")

    @cached_property
    def numbers(self):
        """Numbers, logins and addresses, as they may stand in a name."""
        given = [self.value(column).casefold() for column in NUMBERS]
        given += [value.split("@")[0] for value in given if "@" in value]
        return {value for value in given if len(value) >= SHORTEST}

    @cached_property
    def orders(self):
        """The name with each of its words in front: first name first, last name first."""
        words = self.name.split()
        turned = [words[i:] + words[:i] for i in range(len(words))]
        return set().union(*(_spellings("".join(order)) for order in turned))


@dataclass(frozen=True)
class Roster:
    """A class list.

    Attributes:
        students: a tuple of `Student`.
        columns: of the file, in order.
        rows: of the file, in order, also those that name nobody, as Canvas's "Points Possible".
    """

    students: tuple
    columns: tuple
    rows: tuple = ()


def read(path):
    """The class list in a file: CSV with a header, or a name per line.

    A worksheet of Moodle and an exported gradebook of Canvas are such files.

    Raises:
        ValueError: it cannot be read, or holds no names.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f"the class list must be a file: got {error.strerror} for {path}. Give a CSV file."
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # Excel's, in the west
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter(text)) if any(line)]
    columns = [name.strip() for name in lines[0]] if lines else []
    known = {name.lower() for name in columns}
    named = known & {*NAMES, "identifier"} or (known & {*FIRST} and known & {*LAST})
    if not named:
        if not lines or any(len(line) > 1 for line in lines) or known & {*NUMBERS}:
            raise ValueError(
                f"the class list must have a column Name, or First name and Last name: got "
                f"{', '.join(columns) or 'an empty file'} in {path}. Rename a column."
            )
        columns, lines = ["Name"], [["Name"], *lines]
    rows = [dict(zip(columns, [*line, *[""] * len(columns)], strict=False)) for line in lines[1:]]
    students = [Student(_full_name(row), row) for row in rows if not _names_nobody(row)]
    if not students:
        raise ValueError(
            f"the class list must name students: got none in {path}. Add a row for each."
        )
    return Roster(tuple(students), tuple(columns), tuple(rows))


def delimiter(text):
    """What separates the columns of a table: the comma, semicolon or tab most used in its head."""
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _full_name(row):
    student = Student("", row)
    full = next(filter(None, map(student.value, NAMES)), "")
    if "," in full:  # Canvas: Becker, Anna
        last, first = full.split(",", 1)
        return f"{first.strip()} {last.strip()}"
    parts = [next(filter(None, map(student.value, each)), "") for each in (FIRST, LAST)]
    # where Moodle hides names from graders, its worksheet has none
    return full or " ".join(filter(None, parts)) or student.value("identifier")


def _names_nobody(row):
    name = _full_name(row)
    return not name or name in ("Points Possible", "Student, Test", "Test Student")


def candidates(sender, path, students):
    """The students that a file may be of, by its platform's number, else a number, else the name.

    Args:
        sender: `senders.Sender` of the file.
        path: of the file.
        students: those of a class list.

    Returns:
        A list of indices; of one where it is clear, of several where number and name disagree.
    """
    if sender.platform:
        column = PLATFORMS[sender.platform]
        numbers = [re.sub(r"^.*\D(?=\d+$)", "", s.value(column)) for s in students]
        found = [i for i, number in enumerate(numbers) if number == sender.number]
        return found or _named(sender.name, students)
    words = {word.casefold() for word in re.findall(r"[\w@.+-]+|[^\W_]+", path)}
    words |= {word.casefold() for word in re.findall(r"[^\W_]+", path)}
    numbered = [i for i, student in enumerate(students) if words & student.numbers]
    named = _named(sender.name, students) or _named_within(path, students)
    both = sorted({*numbered} & {*named})
    return both or sorted({*numbered, *named})


def _named(name, students):
    forms = _spellings(name)
    return [i for i, student in enumerate(students) if forms & student.orders]


def _named_within(path, students):
    """Whose name is part of the path; of a name within another one the longer counts."""
    forms = _spellings(path)
    longest = [
        max((len(order) for order in s.orders if any(order in f for f in forms)), default=0)
        for s in students
    ]
    best = max(longest)
    return [i for i, size in enumerate(longest) if size == best] if best >= SHORTEST_NAME else []


def _spellings(name):
    """A name in small plain letters; ü is u, or ue."""
    composed = unicodedata.normalize("NFC", name).casefold()
    pieces = [unicodedata.normalize("NFKD", form) for form in (composed, _umlauts(composed))]
    return {"".join(c for c in form if c.isalnum()) for form in pieces}


def _umlauts(text):
    return text.translate(UMLAUTS)
