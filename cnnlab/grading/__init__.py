"""Many submitted notebooks, run and graded. Called by ``command``.

What comes in: ``collecting`` finds what lies in a folder and in its ``archives``, ``soundness``
says what is wrong with a file, ``senders`` reads from its path who sent it, ``roster`` is the class
list, ``deliveries`` says which file counts for whom, and ``seeds`` by which variant it is judged.
``submissions`` goes through all of them, by the exercises that ``exercise_files`` finds:
``running`` runs each, in a kernel that ``warm`` forks and ``client`` drives (``launcher`` stands
for it), in a world of its own made by ``sandbox``; ``judging_apart`` judges in another process;
``staff`` keeps both at work. What is done stands in a ``journal``. What comes out: ``grades`` is
the table, with the points that somebody gave ``by_hand``, ``regrading`` what it says differently
from the one before, ``platforms`` the tables that Moodle and Canvas import, ``feedback`` a page for
each student, with the errors of ``failed_cells``, and ``report`` one for the instructor, with
``likeness`` of code; ``pages`` writes both.
``in_nbgrader`` is called by nbgrader's autograde, which then does the rest.
"""
