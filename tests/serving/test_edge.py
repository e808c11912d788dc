import subprocess
import sys


def test_neither_a_device_nor_a_rest_client_imports_tensorflow():
    code = (
        "import sys, stalstm.serving.edge, stalstm.serving.client, "
        "stalstm.serving.rest; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
