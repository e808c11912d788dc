"""The paper's equations once more, as plain loops in NumPy.

Weights are those of a Keras layer, by name; nothing else is shared with the
code under test.
"""

import numpy as np


def weights(layer) -> dict[str, np.ndarray]:
    """A layer's weights by their path below the layer."""
    return {
        x.path.split(f"{layer.name}/", 1)[-1]: x.numpy() for x in layer.weights
    }


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(inputs, kernel, recurrent_kernel, bias):
    """h_t for each frame of one clip: `(frames, features)` to units."""
    units = len(recurrent_kernel)
    h, c, outputs = np.zeros(units), np.zeros(units), []
    for x in inputs:
        i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def lstm_of(weights, name, inputs):
    prefix = f"{name}/lstm_cell"
    return lstm(
        inputs,
        weights[f"{prefix}/kernel"],
        weights[f"{prefix}/recurrent_kernel"],
        weights[f"{prefix}/bias"],
    )


def spatial_attention(layer, clip):
    """Equations (2) and (3) for one clip, `(frames, features)`."""
    w = weights(layer)
    h = lstm_of(w, layer.layer.name, clip)
    alphas = []
    for t, x in enumerate(clip):
        before = h[t - 1] if t > 0 else np.zeros(h.shape[1])
        hidden = np.tanh(
            x @ w["input_projection/kernel"]
            + before @ w["hidden_projection/kernel"]
            + w["input_projection/bias"]
        )
        scores = hidden @ w["score/kernel"] + w["score/bias"]
        gates = np.exp(scores) / np.exp(scores).sum()
        alphas.append(gates)
    return np.array(alphas)


def temporal_attention(layer, clip):
    """Equation (6) for one clip, `(frames, features)`."""
    w = weights(layer)
    h = lstm_of(w, layer.layer.name, clip)
    betas = []
    for t, x in enumerate(clip):
        before = h[t - 1] if t > 0 else np.zeros(h.shape[1])
        score = (
            x @ w["input_projection/kernel"]
            + before @ w["hidden_projection/kernel"]
            + w["input_projection/bias"]
        )
        betas.append(max(0.0, float(score[0])))
    return np.array(betas)


def main_lstm(layer, clip):
    """z_t of equation (4) for one clip, `(frames, features)`."""
    w = weights(layer)
    for sub_layer in layer.layers:
        clip = lstm_of(w, sub_layer.name, clip)
    return clip @ w["score/kernel"] + w["score/bias"]
