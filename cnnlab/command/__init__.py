"""The command line. Called by ``cnnlab`` in a terminal.

``cli`` reads the command and its options, ``lessons`` copies the lessons for a
student, ``downloads`` lists and brings the larger files, ``serving`` hands the web site
to this machine's browser.
"""
