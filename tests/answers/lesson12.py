"""Answers to lesson 12, as students write them."""

import numpy as np

from cnnlab.convolution import im2col


def causal_step_by_step(signal, kernel, dilation_rate):
    answer = []
    for step in range(len(signal)):
        total = 0
        for back, weight in enumerate(kernel[::-1]):
            if step - back * dilation_rate >= 0:
                total += weight * signal[step - back * dilation_rate]
        answer.append(total)
    return answer


def causal_by_pad(signal, kernel, dilation_rate):
    padded = np.pad(signal, (dilation_rate * (len(kernel) - 1), 0))
    return np.array(
        [
            sum(kernel[i] * padded[step + i * dilation_rate] for i in range(len(kernel)))
            for step in range(len(signal))
        ]
    )


def causal_by_wide_kernel(signal, kernel, dilation_rate):
    wide = np.zeros(dilation_rate * (len(kernel) - 1) + 1)
    wide[::dilation_rate] = kernel
    return np.convolve(signal, wide[::-1])[: len(signal)]


def causal_by_matrix(signal, kernel, dilation_rate):
    matrix = np.zeros((len(signal), len(signal)))
    for i, weight in enumerate(kernel):
        back = (len(kernel) - 1 - i) * dilation_rate
        matrix += weight * np.eye(len(signal), k=-back)
    return matrix @ signal


def one_hot_by_eye(text, alphabet):
    rows = np.vstack([np.eye(len(alphabet)), np.zeros(len(alphabet))])
    return rows[[alphabet.find(character) for character in text]]


def one_hot_by_dict(text, alphabet):
    column = {letter: n for n, letter in enumerate(alphabet)}
    found = np.zeros((len(text), len(alphabet)), dtype="float32")
    for n, character in enumerate(text):
        if character in column:
            found[n, column[character]] = 1.0
    return found


def one_hot_by_arrays(text, alphabet):
    return (np.array([*text])[:, None] == np.array([*alphabet])).astype(int)


def one_hot_as_lists(text, alphabet):
    return [[1 if letter == character else 0 for letter in alphabet] for character in text]


def split_by_isin(patients, count):
    names, first = np.unique(patients, return_index=True)
    names = names[np.argsort(first)]
    tested = np.isin(patients, names[len(names) - count :])
    return np.where(~tested)[0], np.where(tested)[0]


def split_by_sets(patients, count):
    order = sorted(set(patients.tolist()), key=patients.tolist().index)
    tested = set(order[len(order) - count :])
    halves = [], []
    for n, patient in enumerate(patients.tolist()):
        halves[patient in tested].append(n)
    return halves


def split_backwards(patients, count):
    order = []
    for patient in patients.tolist():
        if patient not in order:
            order.append(patient)
    tested = order[::-1][:count]
    test = [n for n in range(len(patients)) if patients[n] in tested]
    return [n for n in range(len(patients)) if n not in test], test


def split_by_dict(patients, count):
    found = {}
    for n, patient in enumerate(patients.tolist()):
        found.setdefault(patient, []).append(n)
    groups = list(found.values())
    cut = len(groups) - count
    return tuple(
        sorted(n for group in part for n in group) for part in (groups[:cut], groups[cut:])
    )


def patches_by_list(image, size):
    rows, columns = image.shape[0] // size, image.shape[1] // size
    return [
        image[r * size : (r + 1) * size, c * size : (c + 1) * size].flatten()
        for r in range(rows)
        for c in range(columns)
    ]


def patches_by_im2col(image, size):
    columns = im2col(image[None], size, strides=size)[0]
    return columns.reshape(-1, columns.shape[-1])


def patches_by_split(image, size):
    strips = np.split(image, image.shape[0] // size, axis=0)
    pieces = [piece for s in strips for piece in np.split(s, image.shape[1] // size, axis=1)]
    return np.stack(pieces).reshape(len(pieces), -1)


def patches_by_windows(image, size):
    view = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
    view = view[::size, ::size].transpose(0, 1, 3, 4, 2)
    return view.reshape(-1, size * size * image.shape[2])


def attend_in_lines(queries, keys, values):
    scores = np.dot(queries, keys.T) / keys.shape[1] ** 0.5
    weights = np.exp(scores)
    weights = weights / weights.sum(axis=1)[:, None]
    return np.dot(weights, values)


def attend_by_hand(queries, keys, values):
    answers = np.zeros((len(queries), values.shape[1]))
    for n, query in enumerate(queries):
        powers = [np.exp(np.dot(query, key) / np.sqrt(len(query))) for key in keys]
        for power, value in zip(powers, values, strict=True):
            answers[n] += power / sum(powers) * value
    return answers


def attend_by_scaled_queries(queries, keys, values):
    scores = (queries / np.sqrt(queries.shape[1])) @ keys.T
    scores = scores - scores.max()
    return np.exp(scores) @ values / np.exp(scores).sum(axis=1, keepdims=True)


def attend_by_scipy(queries, keys, values):
    from scipy.special import softmax

    return softmax(queries @ keys.T / np.sqrt(keys.shape[1]), axis=1) @ values


RIGHT = {
    "12.1": [causal_step_by_step, causal_by_pad, causal_by_wide_kernel, causal_by_matrix],
    "12.2": [2**10, 1 + sum(2**n for n in range(10))],
    "12.3": [one_hot_by_eye, one_hot_by_dict, one_hot_by_arrays, one_hot_as_lists],
    "12.4": [],
    "12.5": [split_by_isin, split_by_sets, split_backwards, split_by_dict],
    "12.6": [patches_by_list, patches_by_im2col, patches_by_split, patches_by_windows],
    "12.7": [attend_in_lines, attend_by_hand, attend_by_scaled_queries, attend_by_scipy],
}

WRONG = {
    "12.1": [
        lambda s, k, d: causal_by_pad(s, k, d)[::-1],
        lambda s, k, d: causal_by_pad(s[::-1], k, d),
        lambda s, k, d: causal_by_pad(s, k, d + 1),
        lambda s, k, d: causal_by_pad(s, k, d)[1:],
        lambda s, k, d: np.convolve(s, k)[: len(s)],
        lambda s, k, d: np.convolve(s, k, mode="same"),
    ],
    "12.2": [1022, 1025, 10, 55, 511],
    "12.3": [
        lambda t, a: one_hot_by_dict(t[::-1], a),
        lambda t, a: one_hot_by_dict(t, sorted(a)),
        lambda t, a: 1 - one_hot_by_dict(t, a),
        lambda t, a: one_hot_by_dict(set(t), a),
        lambda t, a: one_hot_by_dict(t, a).ravel(),
        lambda t, a: [a.index(c) if c in a else -1 for c in t],
    ],
    "12.4": [(648, 1990656), (654, 1992499), (218, 663552), (1990656, 654), (654, 3981312)],
    "12.5": [
        lambda p, n: split_by_sets(p, n + 1),
        lambda p, n: split_by_sets(p[::-1], n),
        lambda p, n: split_by_sets(p, n)[0],
        lambda p, n: (np.arange(len(p)), split_by_sets(p, n)[1]),
        lambda p, n: [part[::-1] for part in split_by_sets(p, n)],
        lambda p, n: split_by_sets(np.sort(p), n),
    ],
    "12.6": [
        lambda i, s: patches_by_windows(i, s)[::-1],
        lambda i, s: patches_by_windows(i, s)[:, ::-1],
        lambda i, s: patches_by_windows(i, s).T,
        lambda i, s: patches_by_windows(i, s).ravel(),
        lambda i, s: patches_by_windows(i[::-1], s),
        lambda i, s: patches_by_windows(i / 2, s),
    ],
    "12.7": [
        lambda q, k, v: attend_in_lines(k[: len(q)], k, v),
        lambda q, k, v: attend_in_lines(-q, k, v),
        lambda q, k, v: attend_in_lines(q, k, v).T,
        lambda q, k, v: attend_in_lines(q, k, v[::-1]),
        lambda q, k, v: attend_in_lines(q, k, v) + q.mean(),
        lambda q, k, v: v,
    ],
}
