import keras
import numpy as np
import tensorflow as tf

from stalstm.layers import CoOccurrence
from tests import reference

MATRIX = np.random.default_rng(0).normal(size=(6, 12)).astype("float32")


def test_is_the_equation():
    norm = CoOccurrence(l1=0.2, l21=0.3, groups=4)(tf.constant(MATRIX))
    expected = 0.2 * np.abs(MATRIX).sum()
    expected += 0.3 * reference.co_occurrence(MATRIX, groups=4)
    np.testing.assert_allclose(norm, expected, rtol=1e-5)


def test_groups_of_an_lstm_s_kernel_stay_within_a_gate():
    """Four matrices of three neurons: no group has neurons of two gates."""
    norm = CoOccurrence(l1=0.0, l21=1.0, groups=4 * 1)(tf.constant(MATRIX))
    expected = sum(
        reference.co_occurrence(x, groups=1)
        for x in np.split(MATRIX, 4, axis=1)
    )
    np.testing.assert_allclose(norm, expected, rtol=1e-5)


def test_has_a_gradient_where_a_group_has_dropped_an_input():
    matrix = MATRIX.copy()
    matrix[2, :3] = 0
    matrix = tf.constant(matrix)
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        norm = CoOccurrence(l1=0.0, l21=1.0, groups=4)(matrix)
    gradient = tape.gradient(norm, matrix).numpy()
    np.testing.assert_array_equal(gradient[2, :3], 0)
    np.testing.assert_allclose(
        gradient[3, :3], MATRIX[3, :3] / np.linalg.norm(MATRIX[3, :3])
    )


def test_survives_its_configuration():
    regularizer = CoOccurrence(l1=0.2, l21=0.3, groups=4)
    again = keras.regularizers.get(keras.regularizers.serialize(regularizer))
    assert again.get_config() == {"l1": 0.2, "l21": 0.3, "groups": 4}
