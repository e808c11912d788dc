"""Training in two processes, as on two machines."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from stalstm import stage_log
from stalstm import workdir as workdir_lib
from tests import door

ITERATIONS = 10
SETTINGS = [
    "--fold=3",
    "--noreport",
    "--set=units=4",
    "--set=batch_size=8",
    "--set=main_layers=2",
    "--set=spatial_attention=false",
    "--set=dropout=0",  # every process draws its own
    *(f"--set={x}={ITERATIONS}" for x in ("pretrain_iterations", "n1", "n2")),
]
STAGES = ("step_2", "step_3", "step_4")


def free_ports(number):
    """Ports of this machine that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [x.getsockname()[1] for x in sockets]
    for one in sockets:
        one.close()
    return ports


def start(flags, index, addresses, dies_at="nowhere"):
    """Starts one of the processes."""
    config = {
        "cluster": {"worker": addresses},
        "task": {"type": "worker", "index": index},
    }
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.worker", str(index), dies_at),
            *("--strategy=multi_worker", *flags),
        ],
        cwd=door.ROOT,
        env={**os.environ, "TF_CONFIG": json.dumps(config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_two(flags, workdirs, dies_at="nowhere"):
    """Trains in two processes, of which the second one may die.

    Returns:
        Of both: exit status, what they printed, and their errors.
    """
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [
        start([*flags, f"--workdir={workdir}"], index, addresses, place)
        for index, (workdir, place) in enumerate(
            zip(workdirs, ("nowhere", dies_at), strict=True)
        )
    ]
    # A process that does not end is an error too.
    outputs = [process.communicate(timeout=300) for process in processes]
    return [
        (process.returncode, *output)
        for process, output in zip(processes, outputs, strict=True)
    ]


@pytest.mark.long(seconds=100)
def test_two_workers_train_as_one_and_resume(small_sbu, tmp_path, monkeypatch):
    """Killed and resumed, to the losses and weights of one process."""
    monkeypatch.setattr(stage_log, "PERIOD", 5)
    flags = [*small_sbu, *SETTINGS]
    door.run("train", *flags, f"--workdir={tmp_path / 'one'}")
    workdir = tmp_path / "two"

    killed = run_two(flags, [workdir] * 2, "step_3:7")
    (chief, _, errors), (worker, _, _) = killed
    assert (chief, worker) == (1, -signal.SIGTERM), errors
    assert errors.rstrip().endswith("on all machines to resume")
    assert "--strategy: another worker was lost" in errors
    left = {x.name for x in (workdir / "checkpoints").iterdir()}
    assert left == {"step_2.keras", "step_3.npz"}

    resumed = run_two(flags, [workdir] * 2)
    for status, _, errors in resumed:
        assert status == 0, errors
    told = [
        [x for x in output.splitlines() if x.startswith("weights")]
        for _, output, _ in resumed
    ]
    assert told[0] == told[1]
    assert [x.split()[1:3] for x in told[0]] == [
        ["step_3", "10"],
        ["step_3", "10"],
        *(["step_4", str(n)] for n in (5, 10, 10)),
    ]

    one, two = (workdir_lib.load(tmp_path / x) for x in ("one", "two"))
    metrics = two.records["metrics"]
    assert [(x["stage"], x["iteration"]) for x in metrics] == [
        (stage, n) for stage in STAGES for n in (5, 10)
    ]
    for record, other in zip(one.records["metrics"], metrics, strict=True):
        assert other["loss"] == pytest.approx(record["loss"], rel=1e-6)
        assert other["accuracy"] == pytest.approx(record["accuracy"], rel=1e-6)
    for weight, other in zip(one.model.weights, two.model.weights, strict=True):
        np.testing.assert_allclose(
            weight, other, atol=1e-5, err_msg=weight.path
        )
    assert (
        two.records["evaluation"]["confusion_matrix"]
        == (one.records["evaluation"]["confusion_matrix"])
    )


@pytest.mark.long(seconds=20)
def test_a_workdir_that_is_not_shared_is_an_error(small_sbu, tmp_path):
    flags = [*small_sbu, *SETTINGS]
    (chief, _, _), (worker, _, errors) = run_two(
        flags, [tmp_path / "one", tmp_path / "other"]
    )
    assert (chief, worker) == (1, 1)
    assert "a folder that all workers share" in errors
    assert not (tmp_path / "other").exists()


@pytest.mark.long(seconds=10)
def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags = [f"--data_dir={tmp_path}", f"--workdir={tmp_path / 'workdir'}"]
        process = start(flags, 0, [address])
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "--strategy: expected that this process can listen" in errors


@pytest.mark.long(seconds=10)
def test_ctrl_c_ends_a_worker_that_waits(tmp_path):
    """TensorFlow waits for an hour, and hears nothing meanwhile."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    flags = [f"--data_dir={tmp_path}", f"--workdir={tmp_path / 'workdir'}"]
    process = start(flags, 0, addresses)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == (
        f"This is worker 0. Waiting for all of {{'worker': {addresses}}}\n"
    )
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode != 0
