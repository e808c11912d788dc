import cmath

import numpy as np

from stalstm.baselines.shared.fourier import fourier_pyramid


def test_is_the_low_coefficients_of_each_segment():
    sequences = np.random.default_rng(0).normal(size=(2, 17, 3))
    pyramid = fourier_pyramid(sequences)
    for sequence, features in zip(sequences, pyramid, strict=True):
        expected = []
        for segments in ([17], [9, 8], [5, 4, 4, 4]):
            start = 0
            for size in segments:
                segment = sequence[start : start + size]
                start += size
                for k in range(max(1, size // 4)):
                    for channel in range(3):
                        total = 0
                        for t in range(size):
                            wave = cmath.exp(-2j * cmath.pi * k * t / size)
                            total += segment[t, channel] * wave
                        expected.append(abs(total))
        np.testing.assert_allclose(features, expected)


def test_when_a_periodic_movement_begins_does_not_matter_to_the_whole():
    wave = np.random.default_rng(0).normal(size=(1, 16, 1))
    one, other = (
        fourier_pyramid(np.roll(wave, shift, axis=1))[0, :4] for shift in (0, 5)
    )
    np.testing.assert_allclose(one, other)


def test_four_frames_are_enough():
    assert fourier_pyramid(np.ones((1, 4, 2))).shape == (1, 7 * 2)
