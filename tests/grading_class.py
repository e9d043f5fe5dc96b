"""A class in memory, for the tests of what comes back: exercises, submissions, a graded table."""

from cnnlab.exercises import Exercise, Mistake
from cnnlab.grading import deliveries, grades
from cnnlab.grading.collecting import Found
from cnnlab.grading.submissions import Graded

EXERCISES = (
    Exercise(
        number="T.1",
        title="Fewer <b>edges</b>",
        stars=2,
        task="How many?",
        hints=("Count eggs.", "Count hours."),
        solution=123456789,
        insight="A dozen.",
        mistakes=(Mistake("Twice as many & <i>more</i>.", 24),),
    ),
    Exercise(
        number="T.2",
        title="Another",
        stars=1,
        task="How many?",
        hints=("Lincoln said it.", "Four."),
        solution=987654321,
        insight="Four score.",
        mistakes=(Mistake("One score.", 20),),
        points=2.5,
    ),
)
RUN = {"run": "to its end"}


def check(number, mark, message):
    return {"number": number, "mark": mark, "message": message}


BOTH = [check("T.1", "✓", "A dozen."), check("T.2", "✓", "Four score."), RUN]
ONE = [check("T.1", "✗", "Twice as many & <i>more</i>."), check("T.2", "✓", "Four score."), RUN]
NONE = [check("T.1", "✗", "3 is not right.\nTry hint(...)."), {"run": "the kernel died, in cell 3"}]


def graded(files, roster=None, ran=None):
    """`Graded` of {name: entries}, or {name: why it is no notebook}."""
    found = [
        Found(name, 0.0, entries, usable=False)
        if isinstance(entries, str)
        else Found(name, 0.0, digest=name, read=bytes)
        for name, entries in files.items()
    ]
    table, remarks = deliveries.sorted_out(found, roster)
    rows = []
    for each in table:
        if each.found:
            given = (EXERCISES, files[each.name], each.student, each.number)
            rows += grades.rows(each.name, *given)
        else:
            rows += grades.absent(EXERCISES, each.student, each.number, each.instead)
    return Graded(rows, table, EXERCISES, roster, remarks, ran or {})
