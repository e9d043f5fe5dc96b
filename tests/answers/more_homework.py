"""Answers to the homeworks on the lessons 03 to 09, as students write them."""

import math

import numpy as np
from scipy import ndimage, signal, special

from cnnlab.convolution import correlate2d

# H3: views and gradients


def layers_in_a_loop(size, kernel_size):
    count = 0
    while 1 + count * (kernel_size - 1) < size:
        count += 1
    return count


def cells_as_set(pixel, size, stride, padding, cells):
    found = {c for c in range(cells) if 0 <= pixel - (c * stride - padding) < size}
    return min(found), max(found) + 1


def cells_by_mask(pixel, size, stride, padding, cells):
    starts = np.arange(cells) * stride - padding
    seen = np.flatnonzero((starts <= pixel) & (pixel < starts + size))
    return seen[0], seen[-1] + 1


def cells_by_ceil(pixel, size, stride, padding, cells):
    first = math.ceil((pixel + padding - size + 1) / stride)
    return np.array([max(0, first), min(cells, math.floor((pixel + padding) / stride) + 1)])


def gradient_by_identity(loss, kernel, step):
    units = np.eye(kernel.size).reshape(-1, *kernel.shape)
    return np.array(
        [(loss(kernel + step * u) - loss(kernel - step * u)) / (2 * step) for u in units]
    ).reshape(kernel.shape)


def gradient_by_putting_back(loss, kernel, step):
    kernel, slopes = kernel.astype(float), np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        kept = kernel[place]
        kernel[place] = kept + step
        up = loss(kernel)
        kernel[place] = kept - step
        slopes[place] = (up - loss(kernel)) / 2 / step
        kernel[place] = kept
    return slopes


def gradient_by_loops(loss, kernel, step):
    rows = []
    for row in range(kernel.shape[0]):
        rows.append([])
        for column in range(kernel.shape[1]):
            up, down = kernel * 1.0, kernel * 1.0
            up[row, column] += step
            down[row, column] -= step
            rows[-1].append((loss(up) - loss(down)) / (2 * step))
    return rows


def kernel_gradient_by_scipy(image, upstream):
    return signal.correlate2d(image.astype(float), upstream.astype(float), "valid")


def kernel_gradient_by_package(image, upstream):
    return correlate2d(image.astype(float), upstream.astype(float))


def kernel_gradient_by_windows(image, upstream):
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(float), upstream.shape)
    return np.einsum("hwij,ij->hw", windows, upstream)


def descend(x, labels, count, rate, spread=0.0):
    generator = np.random.default_rng(1)
    weight, bias = spread * generator.normal(size=(x.shape[1], 10)), np.zeros(10)
    for _ in range(count):
        error = special.softmax(x @ weight + bias, axis=1) - np.eye(10)[labels]
        weight = weight - rate * x.T @ error / len(x)
        bias = bias - rate * error.mean(axis=0)
    return weight, bias


def learn_from_small_numbers(x, labels):
    return descend(x, labels, 250, 5, spread=0.01)


def learn_slower(x, labels):
    return [*descend(x, labels, 500, 3)]


def learn_by_least_squares(x, labels):
    ones = np.column_stack([x, np.ones(len(x))])
    found = np.linalg.lstsq(ones, np.eye(10)[labels], rcond=None)[0]
    return found[:-1], found[-1]


# H4: digits that move


def steps_by_range(images, batch_size, epochs):
    return len(range(0, images, batch_size)) * epochs


def steps_by_divmod(images, batch_size, epochs):
    full, rest = divmod(images, batch_size)
    return epochs * (full + (rest > 0))


def entropy_by_scipy(logits, labels):
    return -np.mean(special.log_softmax(logits, axis=1)[np.arange(len(labels)), labels])


def entropy_by_logsumexp(logits, labels):
    own = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return (special.logsumexp(logits, axis=1) - own).mean()


def entropy_by_logaddexp(logits, labels):
    own = logits[range(len(labels)), labels]
    return np.average(np.logaddexp.reduce(logits, axis=1) - own)


def stop_by_counter(losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited == patience:
                return [best, epoch]
    return [best, len(losses) - 1]


def stop_by_argmin(losses, patience):
    for end in range(1, len(losses) + 1):
        best = int(np.argmin(losses[:end]))
        if end - 1 - best >= patience:
            break
    return best, end - 1


def stop_by_minimum(losses, patience):
    lowest = np.minimum.accumulate(losses)
    best = [int(np.flatnonzero(losses == low)[0]) for low in lowest]
    waited = np.arange(len(losses)) - best
    late = np.flatnonzero(waited == patience)
    last = int(late[0]) if len(late) else len(losses) - 1
    return best[last], last


def shift_by_roll(images, rows, columns):
    moved = np.roll(images, (rows, columns), axis=(1, 2)).copy()
    height, width = images.shape[1:3]
    moved[:, : max(rows, 0)] = 0
    moved[:, min(height + rows, height) :] = 0
    moved[:, :, : max(columns, 0)] = 0
    moved[:, :, min(width + columns, width) :] = 0
    return moved


def shift_by_scipy(images, rows, columns):
    return ndimage.shift(images, (0, rows, columns, 0), order=0)


def shift_by_loops(images, rows, columns):
    moved = images * 0
    height, width = images.shape[1:3]
    for row in range(height):
        for column in range(width):
            if 0 <= row - rows < height and 0 <= column - columns < width:
                moved[:, row, column] = images[:, row - rows, column - columns]
    return moved


def fitted(make, moves=((2, -1), (-2, 1))):
    """A function that returns a network of these layers, trained on the digits and moved copies."""
    kept = []

    def network():
        if kept:
            return kept[0]
        import keras

        from cnnlab import datasets

        train = datasets.load("digits", "train")
        copies = [train.images, *(shift_by_roll(train.images, *move) for move in moves)]
        model = keras.Sequential([keras.Input((28, 28, 1)), *make(keras.layers)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss)
        labels = np.tile(train.labels, len(copies))
        model.fit(np.concatenate(copies), labels, batch_size=64, epochs=5, verbose=0)
        kept.append(model)
        return kept[0]

    return network


def plain(make, shape=(28, 28, 1)):
    """A function that returns a network of these layers, as it is drawn."""

    def network():
        import keras

        return keras.Sequential([keras.Input(shape), *make(keras.layers)])

    return network


def strides(layers, first=12, second=16, activation="relu"):
    return [
        layers.Conv2D(first, 5, strides=2, activation=activation),
        layers.MaxPooling2D(),
        layers.Conv2D(second, 3, activation=activation),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10),
    ]


MOVING = fitted(strides)


def moving_called_twice():
    """The trained one, as the notebook's cell keeps it."""
    return MOVING()


def moving_with_softmax():
    import keras

    return keras.Sequential([MOVING(), keras.layers.Softmax()])


def moving_with_scaled_logits():
    import keras

    return keras.Sequential([MOVING(), keras.layers.Rescaling(2.0)])


def moving_functional():
    import keras

    image = keras.Input((28, 28, 1))
    return keras.Model(image, MOVING()(image))


# H5: cheaper networks


def threes_in_words(kernel_size):
    layers = (kernel_size - 1) // 2
    return layers * 3 * 3 / (kernel_size * kernel_size)


def threes_by_keras_counts(kernel_size):
    channels = 4
    return (kernel_size // 2) * 9 * channels**2 / (kernel_size**2 * channels**2)


def fold_by_impulse(kernel, bias, gamma, beta, mean, variance):
    def normal(values):
        return gamma * (values - mean) / np.sqrt(variance + 1e-3) + beta

    return normal(kernel) - normal(0), normal(bias)


def fold_by_einsum(kernel, bias, gamma, beta, mean, variance):
    scale = gamma * (variance + 0.001) ** -0.5
    return np.einsum("hwio,o->hwio", kernel, scale), scale * bias - scale * mean + beta


def fold_by_diagonal(kernel, bias, gamma, beta, mean, variance):
    scale = np.diag(gamma / np.sqrt(variance + 0.001))
    return kernel @ scale, (bias - mean) @ scale + beta


def top_by_partition(logits, labels, k):
    best = np.argpartition(logits, -k, axis=1)[:, -k:]
    return np.mean([label in row for label, row in zip(labels, best, strict=True)])


def top_by_sorting(logits, labels, k):
    lowest = np.sort(logits, axis=1)[:, -k]
    return np.mean(logits[np.arange(len(labels)), labels] >= lowest)


def top_by_loops(logits, labels, k):
    hits = 0
    for row, label in zip(logits.tolist(), labels, strict=True):
        hits += sorted(row, reverse=True).index(row[label]) < k
    return hits / len(labels)


def depthwise_by_package(x, kernel):
    x, kernel = x.astype(float), kernel.astype(float)
    channels = range(kernel.shape[2])
    return np.stack(
        [np.stack([correlate2d(i[..., c], kernel[..., c]) for c in channels], -1) for i in x]
    )


def depthwise_by_scipy(x, kernel):
    maps = [
        signal.correlate(x[..., c].astype(float), kernel[None, :, :, c].astype(float), "valid")
        for c in range(x.shape[-1])
    ]
    return np.stack(maps, axis=-1)


def depthwise_by_loops(x, kernel):
    rows, columns, channels = kernel.shape
    shape = (len(x), x.shape[1] - rows + 1, x.shape[2] - columns + 1, channels)
    maps = np.empty(shape)
    for n, row, column, c in np.ndindex(shape):
        patch = x[n, row : row + rows, column : column + columns, c]
        maps[n, row, column, c] = (patch * kernel[..., c]).sum()
    return maps


def coarse_strides(layers, first=12, second=20):
    return [
        layers.Conv2D(first, 4, strides=4, activation="relu"),
        layers.Conv2D(second, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(10),
    ]


CHEAP = fitted(coarse_strides, moves=())


def cheap_as_kept():
    """The trained one, as the notebook's cell keeps it."""
    return CHEAP()


def cheap_with_softmax():
    import keras

    return keras.Sequential([CHEAP(), keras.layers.Softmax()])


def cheap_functional():
    import keras

    image = keras.Input((28, 28, 1))
    return keras.Model(image, CHEAP()(image))


def cheap_with_dropout():
    import keras

    image = keras.Input((28, 28, 1))
    return keras.Model(image, CHEAP()(keras.layers.Dropout(0.1)(image)))


# H6: few pictures


def trainable_by_slice(layers, last_frozen):
    place = [name for name, _ in layers].index(last_frozen)
    return sum(count for _, count in layers[place + 1 :])


def trainable_from_behind(layers, last_frozen):
    total = 0
    for name, count in reversed(layers):
        if name == last_frozen:
            break
        total += count
    return total


def trainable_by_difference(layers, last_frozen):
    counts = dict(layers)
    running = np.cumsum(list(counts.values()))
    return int(running[-1] - running[list(counts).index(last_frozen)])


def few_by_ranks(labels, count):
    ranks = [(labels[:n] == label).sum() for n, label in enumerate(labels)]
    return np.flatnonzero(np.array(ranks) < count)


def few_by_set(labels, count):
    found = []
    for label in set(labels.tolist()):
        found += [n for n in range(len(labels)) if labels[n] == label][:count]
    return sorted(found)


def few_by_pandas(labels, count):
    import pandas as pd

    return pd.Series(labels).groupby(labels).head(count).index.to_numpy()


def scale_by_parts(features, reference):
    mean, spread = reference.mean(0), reference.std(0)
    spread[spread == 0] = 1
    return (features - mean) / spread


def scale_by_columns(features, reference):
    columns = []
    for own, other in zip(features.T, reference.T, strict=True):
        spread = np.std(other)
        columns.append((own - np.mean(other)) / (spread if spread else 1))
    return np.stack(columns, axis=1)


def scale_by_divide(features, reference):
    moved, spread = features - reference.mean(axis=0), reference.std(axis=0)
    return np.divide(moved, spread, out=moved.astype(float), where=spread > 0)


def nearest_by_cdist(queries, features, labels):
    from scipy.spatial.distance import cdist

    return labels[cdist(queries, features, "cosine").argmin(axis=1)]


def nearest_by_unit_distance(queries, features, labels):
    units = [p / np.linalg.norm(p, axis=1, keepdims=True) for p in (queries, features)]
    gaps = np.linalg.norm(units[0][:, None] - units[1], axis=2)
    return labels[np.argmin(gaps, axis=1)]


def nearest_as_list(queries, features, labels):
    best = []
    for query in queries:
        cosines = features @ query / np.linalg.norm(features, axis=1)
        best.append(int(labels[np.argsort(cosines)[-1]]))
    return best


def head_by_steps(features, labels, count=300, rate=0.3):
    weight, bias = np.zeros((128, 12)), np.zeros(12)
    for _ in range(count):
        error = special.softmax(features @ weight + bias, axis=1) - np.eye(12)[labels]
        weight -= rate * features.T @ error / len(features)
        bias -= rate * error.mean(axis=0)
    return weight, bias


def head_by_momentum(features, labels):
    weight, bias, speed = np.zeros((128, 12)), np.zeros(12), 0
    for _ in range(150):
        error = special.softmax(features @ weight + bias, axis=1) - np.eye(12)[labels]
        speed = 0.9 * speed - 0.1 * features.T @ error / len(features)
        weight, bias = weight + speed, bias - 0.1 * error.mean(axis=0)
    return [weight, bias]


def head_by_scaled_ridge(features, labels):
    mean, spread = features.mean(0), features.std(0) + 1e-3
    x = (features - mean) / spread
    weight = np.linalg.solve(x.T @ x + 10 * np.eye(128), x.T @ (np.eye(12)[labels] - 1 / 12))
    return weight / spread[:, None], -(mean / spread) @ weight


# H7: where it looks


def heat_by_clip(heat):
    kept = np.clip(heat, 0, None)
    return kept / (kept.max() or 1)


def heat_by_if(heat):
    if (heat <= 0).all():
        return np.zeros(heat.shape)
    return np.where(heat < 0, 0, heat / heat.max())


def heat_in_place(heat):
    heat = heat.astype(float)
    heat[heat < 0] = 0
    if heat.any():
        heat /= heat.max()
    return heat


def likes_by_reshape(maps, channel, count):
    highest = maps[:, :, :, channel].reshape(len(maps), -1).max(1)
    return highest.argsort()[::-1][:count]


def likes_by_sorted(maps, channel, count):
    return sorted(range(len(maps)), key=lambda n: -maps[n, ..., channel].max())[:count]


def likes_one_by_one(maps, channel, count):
    highest = maps[..., channel].max((1, 2)).astype(float)
    found = []
    for _ in range(count):
        found.append(int(highest.argmax()))
        highest[found[-1]] = -np.inf
    return found


def drops_by_list(score, picture, size, fill):
    before, heat = score(picture), []
    for top in range(0, picture.shape[0] // size * size, size):
        heat.append([])
        for left in range(0, picture.shape[1] // size * size, size):
            changed = np.array(picture)
            changed[top : top + size, left : left + size, :] = fill
            heat[-1].append(before - score(changed))
    return heat


def drops_by_putting_back(score, picture, size, fill):
    own = picture.copy()
    shape = picture.shape[0] // size, picture.shape[1] // size
    heat = np.full(shape, score(picture), float)
    for row, column in np.ndindex(*shape):
        place = np.s_[row * size : row * size + size, column * size : column * size + size]
        kept = own[place].copy()
        own[place] = fill
        heat[row, column] -= score(own)
        own[place] = kept
    return heat


def drops_by_kron(score, picture, size, fill):
    rows, columns = picture.shape[0] // size, picture.shape[1] // size
    heat = np.zeros((rows, columns))
    for n in range(rows * columns):
        cells = np.zeros(rows * columns, bool)
        cells[n] = True
        mask = np.zeros(picture.shape[:2], bool)
        mask[: rows * size, : columns * size] = np.kron(
            cells.reshape(rows, columns), np.ones((size, size), bool)
        )
        covered = picture.copy()
        covered[mask] = fill
        heat.flat[n] = score(picture) - score(covered)
    return heat


def hottest_by_ranks(heat, share):
    ranks = (-heat).ravel().argsort().argsort().reshape(heat.shape)
    return ranks < round(share * heat.size)


def hottest_by_sorted(heat, share):
    count = round(share * heat.size)
    best = sorted(np.ndindex(heat.shape), key=lambda place: -heat[place])[:count]
    mask = np.zeros(heat.shape, bool)
    for place in best:
        mask[place] = True
    return mask


def hottest_by_unravel(heat, share):
    mask = np.zeros_like(heat, dtype=bool)
    order = heat.argsort(axis=None)[::-1][: round(share * heat.size)]
    mask[np.unravel_index(order, heat.shape)] = True
    return mask


def own_by_einsum(maps, gradients):
    return np.einsum("nhwc,nhwc->nhw", maps, np.clip(gradients, 0, None))


def own_with_sizes(maps, gradients):
    return (maps * np.abs(gradients)).sum(-1)


def own_by_best_channel(maps, gradients):
    return (maps * np.maximum(gradients, 0)).max(axis=-1)


def own_by_loops(maps, gradients):
    return [np.maximum((m * g).sum(2), 0) / 2 for m, g in zip(maps, gradients, strict=True)]


RIGHT = {
    "H3.1": [
        layers_in_a_loop,
        lambda s, k: math.ceil((s - 1) / (k - 1)),
        lambda s, k: (s + k - 3) // (k - 1),
    ],
    "H3.2": [cells_as_set, cells_by_mask, cells_by_ceil],
    "H3.3": [gradient_by_identity, gradient_by_putting_back, gradient_by_loops],
    "H3.4": [kernel_gradient_by_scipy, kernel_gradient_by_package, kernel_gradient_by_windows],
    "H3.5": [learn_from_small_numbers, learn_slower, learn_by_least_squares],
    "H4.1": [steps_by_range, steps_by_divmod, lambda n, b, e: -(-n // b) * e],
    "H4.2": [entropy_by_scipy, entropy_by_logsumexp, entropy_by_logaddexp],
    "H4.3": [stop_by_counter, stop_by_argmin, stop_by_minimum],
    "H4.4": [
        shift_by_roll,
        shift_by_scipy,
        shift_by_loops,
        lambda i, r, c: shift_by_roll(shift_by_roll(i, r, 0), 0, c),
    ],
    "H4.5": [
        MOVING,
        moving_called_twice,
        moving_with_softmax,
        moving_with_scaled_logits,
        moving_functional,
    ],
    "H5.1": [threes_in_words, threes_by_keras_counts, lambda k: 4.5 * (k - 1) / k**2],
    "H5.2": [fold_by_impulse, fold_by_einsum, fold_by_diagonal],
    "H5.3": [top_by_partition, top_by_sorting, top_by_loops],
    "H5.4": [depthwise_by_package, depthwise_by_scipy, depthwise_by_loops],
    "H5.5": [CHEAP, cheap_as_kept, cheap_with_softmax, cheap_functional, cheap_with_dropout],
    "H6.1": [trainable_by_slice, trainable_from_behind, trainable_by_difference],
    "H6.2": [few_by_ranks, few_by_set, few_by_pandas],
    "H6.3": [scale_by_parts, scale_by_columns, scale_by_divide],
    "H6.4": [nearest_by_cdist, nearest_by_unit_distance, nearest_as_list],
    "H6.5": [head_by_steps, head_by_momentum, head_by_scaled_ridge],
    "H7.1": [heat_by_clip, heat_by_if, heat_in_place],
    "H7.2": [likes_by_reshape, likes_by_sorted, likes_one_by_one],
    "H7.3": [drops_by_list, drops_by_putting_back, drops_by_kron],
    "H7.4": [hottest_by_ranks, hottest_by_sorted, hottest_by_unravel],
    "H7.5": [own_by_einsum, own_with_sizes, own_by_best_channel, own_by_loops],
}

WRONG = {
    "H3.1": [
        lambda s, k: s // k,
        lambda s, k: layers_in_a_loop(s, k) - 1,
        lambda s, k: layers_in_a_loop(s, k + 1),
        lambda s, k: s - k,
    ],
    "H3.2": [
        lambda *given: cells_as_set(*given)[::-1],
        lambda *given: cells_as_set(*given)[0],
        lambda *given: {*cells_as_set(*given)},
        lambda p, s, t, a, n: cells_by_ceil(p, s, t, -a, n),
        lambda p, s, t, a, n: cells_by_ceil(p + 1, s, t, a, n),
    ],
    "H3.3": [
        lambda f, k, s: gradient_by_identity(f, k, s) * s,
        lambda f, k, s: gradient_by_identity(f, k, 10 * s),
        lambda f, k, s: gradient_by_identity(f, k, s).T,
        lambda f, k, s: gradient_by_identity(f, k, s).sum(),
        lambda f, k, s: (f(k + s) - f(k)) / s,
    ],
    "H3.4": [
        lambda i, u: signal.convolve2d(i, u, "valid"),
        lambda i, u: signal.correlate2d(i, u, "same"),
        lambda i, u: kernel_gradient_by_scipy(i, u).T,
        lambda i, u: signal.correlate2d(u, i, "full"),
        lambda i, u: kernel_gradient_by_scipy(i, np.abs(u)),
    ],
    "H3.5": [
        lambda x, y: descend(x, y, 10, 0.1),
        lambda x, y: descend(x, y, 40, -5),
        lambda x, y: descend(x, y, 100, 5)[::-1],
        lambda x, y: descend(x, (y + 1) % 10, 100, 5),
        lambda x, y: np.zeros(500),
        lambda x, y: (np.zeros((50, 10)), np.zeros(10)),
    ],
    "H4.1": [
        lambda n, b, e: n // b * e,
        lambda n, b, e: round(n / b) * e,
        lambda n, b, e: (n // b + 1) * e + e,
        lambda n, b, e: n / b * e,
    ],
    "H4.2": [
        lambda z, y: entropy_by_scipy(z, y).astype("float32") * 2,
        lambda z, y: special.logsumexp(z, axis=1).mean(),
        lambda z, y: -special.softmax(z, axis=1)[np.arange(len(y)), y].mean(),
        lambda z, y: -np.log(special.softmax(z, axis=1)[np.arange(len(y)), y] + 1e-7).mean(),
        lambda z, y: -special.log_softmax(z, axis=1)[np.arange(len(y)), y],
    ],
    "H4.3": [
        lambda x, p: stop_by_argmin(x, p)[::-1],
        lambda x, p: stop_by_argmin(x, p)[0],
        lambda x, p: stop_by_argmin(x, p - 1),
        lambda x, p: (stop_by_argmin(x, p)[0], len(x) - 1),
        lambda x, p: (stop_by_argmin(x, p)[1], stop_by_argmin(x, p)[1]),
    ],
    "H4.4": [
        lambda i, r, c: np.roll(i, (r, c), (0, 1)),
        lambda i, r, c: shift_by_roll(i, abs(r), abs(c)),
        lambda i, r, c: shift_by_roll(i, r, c)[0],
        lambda i, r, c: shift_by_roll(i, r, c) + 1,
        lambda i, r, c: shift_by_roll(i, r, c)[:, ::-1],
    ],
    "H4.5": [
        plain(strides),
        plain(lambda layers: strides(layers, 40, 40)),
        plain(lambda layers: [layers.GlobalAveragePooling2D(), layers.Dense(10)]),
        plain(lambda layers: [*strides(layers), layers.Dense(9)]),
        plain(lambda layers: strides(layers), shape=(32, 32, 1)),
        lambda: "trained",
        lambda: MOVING().get_weights(),
        lambda: plain(lambda layers: [MOVING(), layers.Dense(1)])(),
    ],
    "H5.1": [
        lambda k: 9 / k,
        lambda k: threes_in_words(k) ** 2,
        lambda k: (k - 1) / 2,
        lambda k: threes_in_words(k + 2),
    ],
    "H5.2": [
        lambda *g: fold_by_einsum(*g)[::-1],
        lambda *g: fold_by_einsum(*g)[0],
        lambda k, b, g, e, m, v: fold_by_einsum(k, b, e, g, m, v),
        lambda k, b, g, e, m, v: fold_by_einsum(k, b, g, e, v, m**2),
        lambda k, b, g, e, m, v: fold_by_einsum(k, b, g, e, m, v + 0.1),
    ],
    "H5.3": [
        lambda z, y, k: top_by_loops(z, y, k - 1),
        lambda z, y, k: 1 - top_by_loops(z, y, k),
        lambda z, y, k: 100 * top_by_loops(z, y, k),
        lambda z, y, k: top_by_loops(np.abs(z - 1), y, k),
        lambda z, y, k: k / z.shape[1],
    ],
    "H5.4": [
        lambda x, k: depthwise_by_loops(x, k).mean(-1),
        lambda x, k: depthwise_by_loops(x, k[:, ::-1]),
        lambda x, k: depthwise_by_loops(x, k[::-1]),
        lambda x, k: depthwise_by_loops(x, k).swapaxes(1, 2),
        lambda x, k: depthwise_by_loops(x, k) + 1,
        lambda x, k: depthwise_by_loops(x[..., ::-1], k),
    ],
    "H5.5": [
        plain(coarse_strides),
        plain(lambda layers: coarse_strides(layers, 60, 60)),
        plain(lambda layers: [layers.GlobalAveragePooling2D(), layers.Dense(10)]),
        plain(lambda layers: [*coarse_strides(layers), layers.Dense(9)]),
        plain(coarse_strides, shape=(32, 32, 1)),
        lambda: "trained",
        lambda: CHEAP().get_weights(),
    ],
    "H6.1": [
        lambda pairs, last: trainable_from_behind(pairs[:-1], last),
        lambda pairs, last: dict(pairs)[last],
        lambda pairs, last: [c for _, c in pairs],
        lambda pairs, last: trainable_by_slice(pairs, last) + 1,
    ],
    "H6.2": [
        lambda y, n: few_by_set(y, n + 1),
        lambda y, n: few_by_set(y, n)[:-1],
        lambda y, n: few_by_set(y, n)[::-1],
        lambda y, n: {*few_by_set(y, n)},
        lambda y, n: np.unique(y)[:n],
    ],
    "H6.3": [
        lambda x, r: (x - r.mean(0)) / (r.std(0, ddof=1) + (r.std(0) == 0)),
        lambda x, r: (x - r.mean(0)) / (r.std(0) + 0.1),
        lambda x, r: (x - r.min(0)) / np.maximum(np.ptp(r, axis=0), 1e-9),
        lambda x, r: (x - np.median(r, axis=0)) / (r.std(0) + (r.std(0) == 0)),
        lambda x, r: (x - r.mean(1).mean()) / (r.std(0) + (r.std(0) == 0)),
    ],
    "H6.4": [
        lambda q, f, y: nearest_by_cdist(q, f, y) + 1,
        lambda q, f, y: nearest_by_cdist(q, f, y)[::-1],
        lambda q, f, y: nearest_by_cdist(q, f, y[::-1]),
        lambda q, f, y: nearest_by_cdist(q - q.mean(0), f - f.mean(0), y),
        lambda q, f, y: nearest_by_cdist(q, f, y)[0],
    ],
    "H6.5": [
        lambda x, y: head_by_steps(x, y, 3, 0.01),
        lambda x, y: head_by_steps(x, y, 20, -0.3),
        lambda x, y: head_by_steps(x, (y + 1) % 12),
        lambda x, y: head_by_steps(x, y)[::-1],
        lambda x, y: head_by_steps(x, y)[0],
        lambda x, y: (np.zeros((129, 12)), np.zeros(12)),
    ],
    "H7.1": [
        lambda h: 1 - heat_by_clip(h),
        lambda h: heat_by_clip(-h),
        lambda h: 255 * heat_by_clip(h),
        lambda h: heat_by_clip(h) > 0.5,
        lambda h: heat_by_clip(h) ** 2,
    ],
    "H7.2": [
        lambda m, c, n: likes_by_sorted(m, c, n + 1),
        lambda m, c, n: likes_by_sorted(-m, c, n),
        lambda m, c, n: likes_by_sorted(m, c, n)[0],
        lambda m, c, n: sorted(likes_by_sorted(m, c, n)),
        lambda m, c, n: [x + 1 for x in likes_by_sorted(m, c, n)],
    ],
    "H7.3": [
        lambda f, x, s, v: np.abs(drops_by_kron(f, x, s, v)) + 1,
        lambda f, x, s, v: drops_by_kron(f, x, s + 1, v),
        lambda f, x, s, v: drops_by_kron(f, x, s, x.mean()),
        lambda f, x, s, v: drops_by_kron(f, x, s, v)[::-1],
        lambda f, x, s, v: drops_by_kron(f, x, s, v).sum(),
    ],
    "H7.4": [
        lambda h, s: h > s,
        lambda h, s: hottest_by_ranks(h, s / 2),
        lambda h, s: hottest_by_ranks(h, s).astype(int),
        lambda h, s: hottest_by_ranks(h, s)[::-1],
        lambda h, s: hottest_by_ranks(h, s).sum(),
    ],
    "H7.5": [
        lambda m, g: m.sum(-1),
        lambda m, g: np.abs(g).mean(-1),
        lambda m, g: -own_by_einsum(m, g),
        lambda m, g: own_by_einsum(m, g)[..., None],
        lambda m, g: own_by_einsum(m, -g),
        lambda m, g: own_by_einsum(m, g).mean(axis=0),
    ],
}
