"""Who trains together, and what is said when they do not."""

import json
import os
import re
import subprocess
import types

import pytest
import tensorflow as tf

from stalstm import distribution
from tests import door

SLURM = {
    "SLURM_PROCID": "2",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "node[1-2]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
}


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", *SLURM):
        monkeypatch.delenv(name, raising=False)


def tf_config(kind="worker", index=0, **jobs):
    jobs = jobs or {"worker": ["a:1", "b:2"]}
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


def test_tf_config_names_the_workers(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config(index=1))
    resolver = distribution.cluster()
    assert resolver.cluster_spec().as_dict() == {"worker": ["a:1", "b:2"]}
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)


def test_slurm_names_the_workers(monkeypatch):
    """Two tasks on the first node, one on the second; also without GPUs."""
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    resolver = distribution.cluster()
    assert resolver.cluster_spec().as_dict() == {
        "worker": ["node1:8888", "node1:8889", "node2:8888"]
    }
    assert (resolver.task_type, resolver.task_id) == ("worker", 2)


def test_nobody_names_the_workers():
    with pytest.raises(ValueError, match=r"TF_CONFIG, or those of Slurm's"):
        distribution.cluster()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:1,b:2",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}}',
        tf_config(index=2),
        tf_config(index=-1),
        tf_config(index="first"),
        tf_config(kind="evaluator"),
        tf_config(kind="ps", worker=["a:1"], ps=["b:2"]),
        tf_config(worker=["a:1"], ps=["b:2"]),
        tf_config(worker=[1]),
        tf_config(worker="a:1"),
    ],
)
def test_a_tf_config_of_another_shape_is_shown(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=r"TF_CONFIG: expected \{.*Received"):
        distribution.cluster()


@pytest.mark.parametrize(
    ("config", "chief"),
    [
        (tf_config(index=0), True),
        (tf_config(index=1), False),
        (tf_config("chief", 0, chief=["c:3"], worker=["a:1"]), True),
        (tf_config("worker", 0, chief=["c:3"], worker=["a:1"]), False),
    ],
)
def test_one_worker_is_the_chief(config, chief, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    strategy = types.SimpleNamespace(cluster_resolver=distribution.cluster())
    assert distribution.is_chief(strategy) == chief


@pytest.mark.parametrize(
    ("batch_size", "machine", "threads"),
    [
        (8, {}, [1]),
        (32, {}, [1]),
        (7, {}, []),  # one of two cores would idle
        (33, {}, []),
        (8, {"gpus": ["a"]}, []),
        (8, {"environment": "2"}, []),
        (8, {"cores": 4}, []),
        (64, {"cores": 4}, [1]),
    ],
)
def test_parts_of_small_batches_have_the_cores_for_themselves(
    batch_size, machine, threads, monkeypatch
):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    if "environment" in machine:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", machine["environment"])
    monkeypatch.setattr(os, "cpu_count", lambda: machine.get("cores", 2))
    gpus = machine.get("gpus", [])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: gpus)
    received: list[int] = []
    threading = tf.config.threading
    monkeypatch.setattr(
        threading, "set_intra_op_parallelism_threads", received.append
    )
    monkeypatch.setattr(
        threading, "get_inter_op_parallelism_threads", lambda: 0
    )
    distribution.share_cores(batch_size)
    assert received == threads


def test_threads_stay_once_tensorflow_has_computed(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    tf.zeros(1)
    before = tf.config.threading.get_intra_op_parallelism_threads()
    distribution.share_cores(4 * (os.cpu_count() or 1))
    assert before == tf.config.threading.get_intra_op_parallelism_threads()


def test_one_device_is_its_own_chief_and_meets_nobody():
    strategy = distribution.choose("one_device")
    assert distribution.is_chief(strategy)
    distribution.meet(strategy, 3)
    with distribution.chief_first(strategy):
        pass


def test_a_file_that_never_appears_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(distribution, "APPEARS_WITHIN", 0)
    with pytest.raises(distribution.WorkersError, match=r"expected .*x\.json"):
        distribution.wait_for(tmp_path / "x.json")


def test_a_lost_worker_is_told_where_there_are_several():
    def lost():
        raise tf.errors.UnavailableError(
            None,
            None,
            "Graph execution error:\nCollective ops is aborted by: X:.",
        )

    match = r"lost.*: X\. Run the same command"
    with (
        pytest.raises(distribution.WorkersError, match=match),
        distribution.lost_workers("multi_worker"),
    ):
        lost()
    with (
        pytest.raises(tf.errors.UnavailableError),
        distribution.lost_workers("one_device"),
    ):
        lost()


def test_the_job_for_kubernetes_says_who_takes_part(monkeypatch):
    """The shell lines of the page, run in the pod of index 1."""
    page = (door.ROOT / "docs/scale.md").read_text()
    line = re.search(r"export TF_CONFIG=.*JOB_COMPLETION_INDEX.*", page)
    assert line is not None
    run = subprocess.run(
        ["sh", "-c", f"{line[0]}\nprintenv TF_CONFIG"],
        env={"PATH": os.environ["PATH"], "JOB_COMPLETION_INDEX": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.setenv("TF_CONFIG", run.stdout)
    resolver = distribution.cluster()
    assert resolver.cluster_spec().as_dict() == {
        "worker": ["stalstm-0.stalstm:8888", "stalstm-1.stalstm:8888"]
    }
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)
