"""The scores of a clip, from those of its frames."""

from keras import ops

from stalstm.layers import sequences


def pool(scores, length, pooling):
    """Sum or mean of the class scores over each clip's own frames.

    Args:
        scores: `(batch, frames, classes)`.
        length: `(batch,)`, number of frames of each clip.
        pooling: `"sum"` or `"mean"`.

    Returns:
        `(batch, classes)`, float32.
    """
    scores = ops.cast(scores, "float32")
    mask = sequences.mask(scores, length)[..., None]
    scores = scores * mask
    if pooling == "mean":
        return sequences.masked_mean(scores, mask)
    return ops.sum(scores, axis=1)
