"""The command line. Called by ``cnnlab`` in a terminal.

``cli`` reads the command and its options, ``lessons`` copies the lessons for a
student, ``standing`` reads from the copies what is done, ``downloads`` lists and
brings the larger files, ``saved_models`` diagnoses a file, ``solved`` fills the
solutions into the notebooks, ``serving`` hands the web site to this machine's browser.
"""
