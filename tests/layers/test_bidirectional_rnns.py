import numpy as np

from stalstm.layers import BidirectionalRNNs
from tests import reference

RNG = np.random.default_rng(3)
SIZES = {"arm": 6, "leg": 9, "head": 1}
CLIPS = [RNG.normal(size=(3, 7, x)).astype("float32") for x in SIZES.values()]
LENGTHS = np.array([7, 4, 1], "int32")


def test_each_is_a_bidirectional_layer_of_tanh_units():
    layer = BidirectionalRNNs(5, tuple(SIZES))
    hidden = layer(CLIPS, LENGTHS)
    assert len(hidden) == 3
    for name, clips, outputs in zip(SIZES, CLIPS, hidden, strict=True):
        for clip, h, length in zip(clips, outputs, LENGTHS, strict=True):
            np.testing.assert_allclose(
                h[:length],
                reference.bidirectional_rnn(layer, name, clip[:length]),
                rtol=1e-4,
                atol=1e-6,
            )


def test_each_has_the_weights_that_its_equation_names():
    layer = BidirectionalRNNs(5, tuple(SIZES))
    layer.build([x.shape for x in CLIPS])
    shapes = {x: w.shape for x, w in reference.weights(layer).items()}
    assert shapes == {
        f"{name}_{direction}/{matrix}": shape
        for name, size in SIZES.items()
        for direction in ("forward", "backward")
        for matrix, shape in (
            ("kernel", (size, 5)),
            ("recurrent_kernel", (5, 5)),
            ("bias", (5,)),
        )
    }


def test_two_matrices_of_one_shape_start_differently():
    layer = BidirectionalRNNs(5, ("left", "right"), "random_normal")
    layer.build([(None, None, 4)] * 2)
    kernels = [x.kernel.numpy() for x in layer.cells]
    assert len({x.tobytes() for x in kernels}) == 4
