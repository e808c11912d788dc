"""The devices and machines that share every batch of a training.

With `multi_worker` every machine runs the same command. One of the processes,
the chief, writes the workdir, which all of them read.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import time
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from stalstm.layers.lstm_recurrence import SMALLEST_PART, cores

STRATEGIES = ("one_device", "mirrored", "multi_worker")
PORT = 8888  # of the first process of a machine, under Slurm
# With more, threads within an operation pay.
MOST_CLIPS_A_CORE = 16
# A file that another machine wrote may appear later on a shared file system.
APPEARS_WITHIN = 120  # seconds

# What TensorFlow raises where another process has gone.
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


class WorkersError(Exception):
    """The processes do not train together, or no longer; says what to do."""


class Workers(tf.distribute.MultiWorkerMirroredStrategy):
    """TensorFlow's strategy, as `keras.Model.fit` calls it.

    Keras hands `reduce` nested structures, and an axis for scalars that have
    none: https://github.com/keras-team/keras/issues/20585
    """

    def reduce(self, reduce_op: Any, value: Any, axis: int | None) -> Any:
        parent = super().reduce

        def reduced(leaf):
            local = self.experimental_local_results(leaf)[0]
            scalar = tf.convert_to_tensor(local).shape.rank == 0
            return parent(reduce_op, leaf, None if scalar else axis)

        return tf.nest.map_structure(reduced, value)


def share_cores(batch_size: int) -> None:
    """Sets the threads that suit a training step, before TensorFlow computes.

    The parts of a batch, see `stalstm.layers.lstm_recurrence`, keep all cores
    busy. Threads within an operation then get in their way, as long as the
    parts are small: without them, a step on 8 to 32 clips took a fifth to a
    quarter less time on two cores, one on 64 clips a twentieth more. If the
    environment sets TF_NUM_INTRAOP_THREADS, that stays.
    """
    fits = SMALLEST_PART * cores() <= batch_size <= MOST_CLIPS_A_CORE * cores()
    gpu = tf.config.list_physical_devices("GPU")
    if fits and not gpu and "TF_NUM_INTRAOP_THREADS" not in os.environ:
        # Once it has computed, as in a notebook, its threads are what they are.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(1)


def choose(name: str) -> tf.distribute.Strategy:
    """A strategy by its name.

    Args:
        name: One of `STRATEGIES`. `multi_worker` finds the others by the
            environment variable `TF_CONFIG` or, without it, by Slurm's; it
            returns when all of them are there. It must come before TensorFlow
            computes anything.

    Raises:
        ValueError: There are too few devices, or the environment does not say
            who the others are.
        WorkersError: The others did not appear.
    """
    if name == "mirrored":
        gpus = len(tf.config.list_physical_devices("GPU"))
        if gpus < 2:
            raise ValueError(
                "--strategy=mirrored: needs two GPUs or more. "
                f"This machine has {gpus}."
            )
        print(f"{gpus} GPUs share every batch.")
        return tf.distribute.MirroredStrategy()
    if name == "multi_worker":
        resolver = cluster()
        others = resolver.cluster_spec().as_dict()
        print(
            f"This is {resolver.task_type} {resolver.task_id}. "
            f"Waiting for all of {others}",
            flush=True,
        )
        with lost_workers(name), _interruptible():
            try:
                strategy = Workers(resolver)
            except tf.errors.UnknownError as error:
                raise WorkersError(
                    "expected that this process can listen at its address. "
                    f"Received: {error.message}; is its port taken?"
                ) from None
        # TensorFlow has taken this signal, and would do nothing.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return strategy
    return tf.distribute.get_strategy()


def cluster() -> tf.distribute.cluster_resolver.ClusterResolver:
    """The processes that train together, by the environment.

    Raises:
        ValueError: The environment does not say who they are.
    """
    if "TF_CONFIG" in os.environ:
        return _tf_config(os.environ["TF_CONFIG"])
    if "SLURM_STEP_NODELIST" in os.environ:
        tasks = int(os.environ["SLURM_STEP_NUM_TASKS"])
        # Slurm itself gives each task its GPUs. Left to count them, TensorFlow
        # calls a program that a machine without GPUs does not have.
        return tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=PORT,
            auto_set_gpu=False,
            gpus_per_node=tasks,
            gpus_per_task=1,
        )
    raise ValueError(
        "--strategy=multi_worker: expected the environment variable TF_CONFIG, "
        "or those of Slurm's srun. Received: neither, see docs/scale.md"
    )


def _tf_config(text):
    try:
        value = json.loads(text)
        jobs, task = value["cluster"], value["task"]
        mine = dict(enumerate(jobs[task["type"]]))[int(task["index"])]
        fine = set(jobs) <= {"chief", "worker"} and ":" in mine
    except (ValueError, KeyError, TypeError):
        fine = False
    if not fine:
        raise ValueError(
            "TF_CONFIG: expected "
            '{"cluster": {"worker": ["host:port", ...]}, '
            '"task": {"type": "worker", "index": 0}}, with the index of this '
            f"process. Received: {text}"
        )
    return tf.distribute.cluster_resolver.TFConfigClusterResolver()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes."""
    resolver = strategy.cluster_resolver
    if resolver is None:
        return True
    if resolver.task_type == "chief":
        return True
    jobs = resolver.cluster_spec().as_dict()
    return "chief" not in jobs and resolver.task_id == 0


def meet(strategy: tf.distribute.Strategy, number: int = 0) -> None:
    """Waits until all processes are here, with the same number.

    Raises:
        WorkersError: Another one has another number, which happens where they
            do not read the same workdir.
    """
    if not isinstance(strategy, Workers):
        return

    @tf.function
    def mean():
        mine = strategy.run(lambda: tf.constant(number, tf.float64))
        return strategy.reduce("MEAN", mine, axis=None)

    with _interruptible():
        same = float(mean()) == number
    if not same:
        raise WorkersError(
            "expected that all workers find the same in the workdir. Received: "
            "different states. It must be one folder, which all of them share"
        )


@contextlib.contextmanager
def chief_first(
    strategy: tf.distribute.Strategy, writes: pathlib.Path | None = None
) -> Iterator[None]:
    """A block that the chief goes through before the others do.

    Args:
        strategy: From `choose`.
        writes: A file that the chief writes there, in a folder that all share.

    Raises:
        WorkersError: It does not appear here.
    """
    chief = is_chief(strategy)
    if not chief:
        meet(strategy)
        if writes:
            wait_for(writes)
    yield
    if chief:
        meet(strategy)


def wait_for(path: pathlib.Path) -> None:
    """Waits until a file that the chief has written appears here, too.

    Raises:
        WorkersError: It does not.
    """
    end = time.monotonic() + APPEARS_WITHIN
    while not path.exists():
        if time.monotonic() > end:
            raise WorkersError(
                f"expected {path}, which the chief has written. Received: no "
                "such file. The workdir must be a folder that all workers share"
            )
        time.sleep(0.1)


@contextlib.contextmanager
def lost_workers(name: str) -> Iterator[None]:
    """Makes TensorFlow's errors about another process a `WorkersError`.

    Args:
        name: The strategy's name. Where there is no other process, the errors
            are about something else, and stay.
    """
    try:
        yield
    except _LOST as error:
        if name != "multi_worker":
            raise
        # The reason stands among lines about the graph.
        told = re.search("ops is aborted by: (.*)", error.message)
        reason = told[1] if told else error.message.splitlines()[0]
        reason = reason.rstrip(".: ")
        raise WorkersError(
            f"another worker was lost, or has stopped: {reason}. Run the same "
            "command on all machines to resume"
        ) from error


@contextlib.contextmanager
def _interruptible():
    """Ctrl-C ends the process: where TensorFlow waits, Python hears nothing."""
    previous = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
