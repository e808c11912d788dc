import subprocess
import sys

from stalstm.baselines import BASELINES

NAMES = {
    "dynamic_skeletons",
    "lie_group",
    "skeletal_quads",
    "yun_joint_features",
    "yun_plane_features",
    "yun_raw",
    "yun_velocity_features",
}


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )


def test_every_file_is_a_baseline():
    assert set(BASELINES) == NAMES


def test_need_no_tensorflow():
    done = run(
        "import stalstm.baselines, sys; "
        "sys.exit({'tensorflow', 'keras'} & set(sys.modules) or 0)"
    )
    assert done.returncode == 0, done.stderr


def test_without_scikit_learn_the_error_names_the_extra():
    done = run(
        "import sys; sys.modules['sklearn'] = None; import stalstm.baselines"
    )
    assert "pip install stalstm[baselines]" in done.stderr
