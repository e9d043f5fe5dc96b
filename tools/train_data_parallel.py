"""Train LeNet-5 data-parallel in several processes, with an unchanged `fit`.

    pip install "cnnlab[distributed]"
    python tools/train_data_parallel.py --processes 2        on this machine
    python tools/train_data_parallel.py --processes 1        the same training, for comparison

Each process holds a copy of the network and sees its share of every batch; after each step the
gradients are averaged over the processes, so that all copies stay equal. JAX moves the gradients
(through gloo, on processors) and `keras.distribution.DataParallel` tells Keras: nothing here is
home-made. On a cluster start one process per machine, all with the same coordinator::

    python tools/train_data_parallel.py --processes 4 --process 0 --coordinator node0:12345
    python tools/train_data_parallel.py --processes 4 --process 1 --coordinator node0:12345  ...

Prints the loss of every epoch. Needs: jax. TensorFlow's MultiWorkerMirroredStrategy is no way to
do this: `fit` of Keras 3 fails under it.
"""

import argparse
import os
import socket
import subprocess
import sys

EPOCHS = 3
BATCH = 32  # over all processes together
IMAGES = 1440  # whole batches only


def train(process, processes, coordinator):
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(coordinator, num_processes=processes, process_id=process)

    import keras
    import numpy as np

    from cnnlab import datasets, models

    if processes > 1:
        devices = keras.distribution.list_devices()  # those of all processes
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        )
    keras.utils.set_random_seed(0)  # the same initial weights everywhere
    digits = datasets.load("digits")
    order = np.random.default_rng(0).permutation(IMAGES)[process::processes]  # this one's share

    model = models.lenet5()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        digits.images[order],
        digits.labels[order],
        batch_size=BATCH // processes,
        epochs=EPOCHS,
        shuffle=False,  # `order` is shuffled already, and the same in every process
        verbose=0,
    )
    if process == 0:
        for epoch, loss in enumerate(history.history["loss"], 1):
            print(f"epoch {epoch}: loss {loss:.7f}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--process", type=int, help="this one's number; without it all start here")
    parser.add_argument("--coordinator", help="host:port of process 0")
    options = parser.parse_args()
    if options.processes < 1 or BATCH % options.processes:
        parser.error(
            f"`--processes` must divide the batch of {BATCH} images: got {options.processes}. "
            "Use 1, 2, 4, 8, 16 or 32."
        )
    if options.processes == 1 or options.process is not None:
        return train(options.process or 0, options.processes, options.coordinator)
    command = [sys.executable, __file__, "--processes", str(options.processes)]
    command += ["--coordinator", f"127.0.0.1:{free_port()}"]
    started = [
        subprocess.Popen([*command, "--process", str(number)])
        for number in range(options.processes)
    ]
    return max(abs(process.wait()) for process in started)


if __name__ == "__main__":
    sys.exit(main())
