"""A compiled question, asked of a batch in parts."""

import numpy as np

from cnnlab.reading.tracing import compiled

BATCH_SIZE = 16  # images per pass; the gradient by 16 images of VGG16 holds about 1 GB


def answers(batch, question, *given, rows=()):
    """What a compiled question answers to a batch, in parts: a tuple of arrays (B, ...).

    Args:
        batch: a `Batch`.
        question: a function of the model, the form, what is given, and arrays.
        *given: what it is asked about, as for `compiled`.
        rows: further arrays (B, ...), or None, of which each part gets its own.
    """
    run = compiled(batch.known, question, batch.form, *given)
    found = []
    for taken in batch.rows(BATCH_SIZE):
        arrays = tuple(array[taken] for array in batch.arrays)
        found.append(run(arrays, *(None if each is None else each[taken] for each in rows)))
    if len(found) == 1 and not batch.fixed:
        return tuple(tensor.numpy() for tensor in found[0])
    joined = (np.concatenate([t.numpy() for t in tensors]) for tensors in zip(*found, strict=True))
    return tuple(array[: len(batch)] for array in joined)
