"""Many submitted notebooks, run and graded. Called by ``cnnlab grade`` and ``cnnlab report``.

What comes in: ``collecting`` finds what lies in a folder and in its ``archives``, ``soundness``
says what is wrong with a file, ``senders`` reads from its path who sent it, ``roster`` is the class
list, and ``deliveries`` says which file counts for whom. ``running`` runs each in a kernel of its
own, by the exercises that ``exercise_files`` finds; ``submissions`` goes through all of them, with
a ``journal``. What comes out: ``grades`` is the table, ``regrading`` what it says differently from
the one before, ``platforms`` the tables that Moodle and Canvas import, ``feedback`` a page for each
student, and ``report`` one for the instructor, with ``likeness`` of code; ``pages`` writes both.
"""
