import numpy as np

from stalstm.layers.pooling import pool

SCORES = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
LENGTHS = np.array([6, 2], "int32")


def test_pools_a_clip_s_own_frames():
    for n, length in enumerate(LENGTHS):
        own = SCORES[n, :length]
        for how in ("sum", "mean"):
            pooled = pool(SCORES, LENGTHS, how)[n]
            expected = getattr(np, how)(own, axis=0)
            np.testing.assert_allclose(pooled, expected, rtol=1e-5)
