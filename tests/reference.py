"""The paper's equations once more, as plain loops in NumPy.

Weights are those of a Keras layer, by name; nothing else is shared with the
code under test.
"""

import numpy as np


def weights(layer) -> dict[str, np.ndarray]:
    """A layer's weights by their path below the layer."""
    return {
        f"/{x.path}".split(f"/{layer.name}/", 1)[-1]: x.numpy()
        for x in layer.weights
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


def rnn(inputs, kernel, recurrent_kernel, bias):
    """h_t of tanh units for one clip, `(frames, features)`."""
    h, outputs = np.zeros(len(bias)), []
    for x in inputs:
        h = np.tanh(x @ kernel + h @ recurrent_kernel + bias)
        outputs.append(h)
    return np.array(outputs)


def both_ways(forward, backward, clip):
    """Outputs of two functions of a clip; the second reads its end first."""
    return np.concatenate([forward(clip), backward(clip[::-1])[::-1]], axis=1)


def bidirectional(layer, clip):
    """A `Bidirectional` of LSTM layers for one clip, `(frames, features)`."""
    w = weights(layer)
    return both_ways(
        lambda x: lstm_of(w, "forward", x),
        lambda x: lstm_of(w, "backward", x),
        clip,
    )


def bidirectional_rnn(layer, name, clip):
    """One of the layers of a `BidirectionalRNNs`, by its name."""
    w = weights(layer)

    def direction(which):
        matrices = ("kernel", "recurrent_kernel", "bias")
        return [w[f"{name}_{which}/{x}"] for x in matrices]

    return both_ways(
        lambda x: rnn(x, *direction("forward")),
        lambda x: rnn(x, *direction("backward")),
        clip,
    )


def in_depth_lstm(inputs, kernel, recurrent_kernel, bias, masks):
    """Zhu et al. (2016): responses that go up, and those that go along time.

    Args:
        inputs: `(frames, features)`.
        kernel, recurrent_kernel, bias: Those of the LSTM.
        masks: By the names of the responses i, f, o, c and h,
            `(frames, units)` each.

    Returns:
        h~_t, `(frames, units)`.
    """
    units = len(recurrent_kernel)
    h, c, outputs = np.zeros(units), np.zeros(units), []
    for t, x in enumerate(inputs):
        m = {name: mask[t] for name, mask in masks.items()}
        i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        dropped = m["c"] * (m["f"] * f * c + m["i"] * i * g)
        outputs.append(m["h"] * m["o"] * o * np.tanh(dropped))
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.array(outputs)


def co_occurrence(matrix, groups):
    """The l2,1 norms of groups of neurons, `(inputs, neurons)`."""
    total, size = 0.0, matrix.shape[1] // groups
    for k in range(groups):
        for row in matrix[:, k * size : (k + 1) * size]:
            total += np.sqrt(sum(x * x for x in row))
    return total


def part_lstm(layer, clip):
    """h_t of a `PartLSTM`: Shahroudy et al. (2016), for one clip.

    The parts are kept apart: their inputs, gates and memories.
    """
    w = {name.split("/")[-1]: x for name, x in weights(layer).items()}
    number, units = max(layer.parts) + 1, layer.units
    size = units // number
    part_of = np.repeat(layer.parts, clip.shape[1] // len(layer.parts))
    own, output = np.split(w["kernel"], [3 * size], axis=1)
    recurrent = np.split(w["recurrent_kernel"], 4, axis=1)
    bias = np.split(w["bias"], 4)
    h, cells, outputs = np.zeros(units), [np.zeros(size)] * number, []
    for x in clip:
        o = sigmoid(x @ output + h @ recurrent[3] + bias[3])
        for p in range(number):
            mine = slice(p * size, (p + 1) * size)
            gates = [
                x[part_of == p] @ from_input
                + h @ recurrent[gate][:, mine]
                + bias[gate][mine]
                for gate, from_input in enumerate(
                    np.split(own[part_of == p], 3, axis=1)
                )
            ]
            i, f, g = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2])
            cells[p] = f * cells[p] + i * g
        h = o * np.tanh(np.concatenate(cells))
        outputs.append(h)
    return np.array(outputs)
