"""The names under which a network knows classes that are numbered otherwise."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax


def best_renaming(classes, named, answers):
    """{label: class}, one to one, by which most pictures are right, and their share then.

    Of two that are as good the one counts to which the answers give more.
    """
    size = int(max(classes.max(), named.max(), answers.shape[-1] - 1)) + 1
    votes = np.zeros((size, size))
    np.add.at(votes, (classes, named), 1)
    right = votes.copy()
    if answers.shape[-1] > 1:
        shares = np.nan_to_num(softmax(answers, axis=-1))
        shares /= len(answers) + 1  # all of them less than one vote
        np.add.at(votes[:, : answers.shape[-1]], classes, shares)
    rows, columns = linear_sum_assignment(votes, maximize=True)
    renaming = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return renaming, float(right[rows, columns].sum() / len(classes))
