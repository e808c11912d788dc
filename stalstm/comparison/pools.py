"""Runs trainings: in processes of this machine, or on a Ray cluster."""

import collections
import pathlib
import subprocess
import time
from collections.abc import Iterator, Sequence

from stalstm.comparison.runs import Run, RunError, run_to_end

# Each of them is a run, and why it failed.
Ended = Iterator[tuple[Run, RunError | None]]

RETRIES = 3


def in_processes(runs: Sequence[Run], parallel: int) -> Ended:
    """Runs trainings on this machine.

    Args:
        runs: The trainings.
        parallel: How many of them run at once.

    Yields:
        Each run when it has ended.
    """
    waiting = collections.deque(runs)
    running: dict[pathlib.Path, tuple[Run, subprocess.Popen]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                run = waiting.popleft()
                running[run.workdir] = run, run.start()
            time.sleep(0.1)
            for workdir, (run, process) in list(running.items()):
                if process.poll() is not None:
                    del running[workdir]
                    yield run, _failure(run, process.returncode)
    finally:  # interrupted: each of them can be resumed
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.wait()


def on_ray(runs: Sequence[Run], address: str, parallel: int) -> Ended:
    """Runs trainings on a Ray cluster.

    All its machines must have this repository and the workdirs at the same
    paths, on a shared file system. A training whose worker dies, or which
    fails, is tried again and resumes.

    Args:
        runs: The trainings.
        address: `local` starts a cluster on this machine; else the address of
            one.
        parallel: How many of them run at once if the cluster is local.

    Yields:
        Each run when it has ended.
    """
    import ray

    if address == "local":
        ray.init(num_cpus=parallel, include_dashboard=False)
    else:
        ray.init(address=address)
    remote = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=True)(
        run_to_end
    )
    try:
        waiting = {
            remote.options(name=str(run)).remote(run): run for run in runs
        }
        while waiting:
            (reference,), _ = ray.wait(list(waiting), num_returns=1)
            run = waiting.pop(reference)
            try:
                ray.get(reference)
                yield run, None
            except ray.exceptions.RayError as error:
                reason = getattr(error, "cause", None) or f"{run}: {error}"
                yield run, RunError(str(reason))
    finally:
        ray.shutdown()


def _failure(run: Run, status: int) -> RunError | None:
    try:
        run.check(status)
    except RunError as error:
        return error
    return None
