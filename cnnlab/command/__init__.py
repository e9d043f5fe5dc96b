"""The command line. Called by ``cnnlab`` in a terminal, and by no other module.

``cli`` reads the command and its options, ``lessons`` copies the lessons for a
student, ``standing`` reads from the copies what is done, ``downloads`` lists and
brings the larger files, ``saved_models`` diagnoses a file, ``solved`` fills the
solutions into the notebooks, ``serving`` hands the web site to this machine's browser.
``homework`` hands homework out without its answers, by the words of ``homework_parser``;
``template`` is one to begin from, ``nbgrader_source`` marks its cells for nbgrader. ``marking`` is
`cnnlab grade` and `cnnlab report`.
"""
