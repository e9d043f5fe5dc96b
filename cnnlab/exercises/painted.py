"""Answers to the exercises of lesson 11 about smoothness and style, right ones and wrong ones."""

import numpy as np


def variation(picture):
    """The sum of the sizes of all steps down and across."""
    return np.abs(np.diff(picture, axis=0)).sum() + np.abs(np.diff(picture, axis=1)).sum()


def variation_by_loops(picture):
    """The same, pixel by pixel."""
    rows, columns = picture.shape
    total = 0.0
    for row in range(rows):
        for column in range(columns):
            if row + 1 < rows:
                total += abs(float(picture[row + 1, column]) - float(picture[row, column]))
            if column + 1 < columns:
                total += abs(float(picture[row, column + 1]) - float(picture[row, column]))
    return total


def variation_down(picture):
    """The steps down alone."""
    return np.abs(np.diff(picture, axis=0)).sum()


def variation_across(picture):
    """The steps across alone."""
    return np.abs(np.diff(picture, axis=1)).sum()


def variation_signed(picture):
    """Steps with their signs."""
    return np.diff(picture, axis=0).sum() + np.diff(picture, axis=1).sum()


def variation_squared(picture):
    """Steps squared."""
    return (np.diff(picture, axis=0) ** 2).sum() + (np.diff(picture, axis=1) ** 2).sum()


def variation_as_mean(picture):
    """The mean over the pixels."""
    return variation(picture) / picture.size


def variation_around(picture):
    """The last row beside the first."""
    return sum(np.abs(picture - np.roll(picture, 1, axis)).sum() for axis in (0, 1))


def variation_twice(picture):
    """Every pair twice."""
    return 2 * variation(picture)


def variation_of_the_centre(picture):
    """Steps over two pixels."""
    return sum(np.abs(step).sum() for step in np.gradient(picture))


def gram_of(maps):
    """The mean over all places of the products of two channels."""
    flat = maps.reshape(-1, maps.shape[-1])
    return flat.T @ flat / len(flat)


def gram_by_loops(maps):
    """The same, place by place."""
    height, width, channels = maps.shape
    matrix = np.zeros((channels, channels))
    for row in range(height):
        for column in range(width):
            matrix += np.outer(maps[row, column], maps[row, column].astype(float))
    return matrix / (height * width)


def gram_by_einsum(maps):
    """The same in one line."""
    return np.einsum("hwc,hwd->cd", maps, maps) / maps[..., 0].size


def gram_as_sum(maps):
    """The sum over all places."""
    return gram_of(maps) * maps[..., 0].size


def gram_by_all(maps):
    """Divided by the number of channels, too."""
    return gram_of(maps) / maps.shape[-1]


def gram_of_places(maps):
    """Products of places."""
    flat = maps.reshape(-1, maps.shape[-1])
    return flat @ flat.T / len(flat)


def gram_centred(maps):
    """The covariance."""
    flat = maps.reshape(-1, maps.shape[-1])
    flat = flat - flat.mean(axis=0)
    return flat.T @ flat / len(flat)


def gram_correlated(maps):
    """Each channel scaled to 1."""
    matrix = gram_of(maps)
    lengths = np.sqrt(np.diag(matrix))
    return matrix / np.outer(lengths, lengths)


def gram_of_mixed_channels(maps):
    """A table cut in the wrong places."""
    flat = maps.reshape(maps.shape[-1], -1)
    return flat @ flat.T / flat.shape[1]


def gram_of_means(maps):
    """Products of means."""
    means = maps.mean(axis=(0, 1))
    return np.outer(means, means)


def gram_by_rows(maps):
    """Divided by the number of rows."""
    return gram_of(maps) * maps.shape[1]
