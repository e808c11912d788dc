"""The Fourier temporal pyramid."""

import numpy as np
import scipy.fft

LEVELS = 3


def fourier_pyramid(sequences: np.ndarray) -> np.ndarray:
    """Low Fourier coefficients of whole sequences, their halves and quarters.

    Wang, Liu, Wu and Yuan, "Mining actionlet ensemble for action recognition
    with depth cameras", CVPR 2012, section 3.3. The magnitude of a coefficient
    does not change when a periodic movement begins earlier or later.

    Args:
        sequences: `(sequences, frames, channels)`, with four frames or more.

    Returns:
        `(sequences, features)`: the magnitudes of the lowest quarter of the
        coefficients of each segment, at least one.
    """
    features = []
    for level in range(LEVELS):
        for segment in np.array_split(sequences, 2**level, axis=1):
            kept = max(1, segment.shape[1] // 4)
            low = np.abs(scipy.fft.rfft(segment, axis=1)[:, :kept])
            features.append(low.reshape(len(sequences), -1))
    return np.concatenate(features, axis=1)
