"""The pools, with programs that take no time."""

import os
import pathlib
import signal
import threading
import time

import pytest

from stalstm.comparison import pools
from stalstm.comparison.rows import Row
from stalstm.comparison.runs import Run, RunError

ROW = Row(name="LSTM")
FINISH = "open(sys.argv[1] + '/evaluation.json', 'w').write('{}')"


def make_run(folder, seed, program=FINISH):
    workdir = folder / str(seed)
    command = ("-c", f"import sys, time; {program}", str(workdir))
    return Run(ROW, "fold_1", seed, workdir, command)


def test_each_run_ends_once(tmp_path):
    runs = [make_run(tmp_path, seed) for seed in range(5)]
    assert not any(x.finished for x in runs)
    ended = [(x.seed, e) for x, e in pools.in_processes(runs, parallel=2)]
    assert sorted(ended) == [(seed, None) for seed in range(5)]
    assert all(x.finished for x in runs)


def test_no_more_run_at_once_than_allowed(tmp_path):
    """Each program counts those that run beside it."""
    program = (
        "import pathlib; p = pathlib.Path(sys.argv[1]); "
        "(p / 'runs').touch(); time.sleep(0.3); "
        "n = len(list(p.parent.glob('*/runs'))); "
        "(p / 'runs').unlink(); (p / 'beside').write_text(str(n))"
    )
    runs = [make_run(tmp_path, seed, program) for seed in range(4)]
    list(pools.in_processes(runs, parallel=2))
    beside = {(x.workdir / "beside").read_text() for x in runs}
    assert beside <= {"1", "2"}


def test_a_failed_run_is_named_and_the_others_go_on(tmp_path):
    failing = make_run(tmp_path, 7, "print('it is late'); sys.exit(3)")
    others = [make_run(tmp_path, seed) for seed in range(3)]
    ended = {
        run.seed: error
        for run, error in pools.in_processes([failing, *others], parallel=2)
    }
    error = ended.pop(7)
    assert isinstance(error, RunError)
    assert "LSTM, fold_1, seed 7 ended with exit status 3" in str(error)
    assert "it is late" in str(error)
    assert ended == {0: None, 1: None, 2: None}


def test_an_interrupted_comparison_leaves_no_program_behind(tmp_path):
    program = (
        "import os; open(sys.argv[1] + '/pid', 'w').write(str(os.getpid())); "
        "time.sleep(600)"
    )
    run = make_run(tmp_path, 0, program)
    pid = run.workdir / "pid"

    def interrupt():
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    # What a shell runs in its background ignores the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        list(pools.in_processes([run], parallel=1))
    thread.join()
    assert not pathlib.Path("/proc", pid.read_text()).exists()
