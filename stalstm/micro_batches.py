"""A training step by micro-batches, whose memory does not grow with the batch.

What a step keeps for its gradient grows with clips and frames: two gigabytes
for 256 clips of 300 frames. One micro-batch after the other, gradients added
up, it is that of a micro-batch, and no slower. The numbers are the same up to
rounding, but for dropout, which every micro-batch draws.
"""

import math

import keras
import tensorflow as tf

# In clips. 32 are slower, by a twentieth, than 64 or a whole batch of 256.
LARGEST = 64
# Below, starting TensorFlow's operations would take longer than they do.
SMALLEST = 8


def size(batch: int | None) -> int | None:
    """Clips of a micro-batch; `None` if the batch is best taken whole."""
    if batch is None or batch <= LARGEST:
        return None
    fitting = math.gcd(batch, LARGEST)
    return fitting if fitting >= SMALLEST else None


def train_step(model: keras.Model, inputs, labels, size: int):
    """As `keras.Model.train_step`.

    Args:
        model: A compiled model whose outputs have `logits`.
        inputs: A nest of `(batch, ...)`.
        labels: `(batch,)`.
        size: Clips of a micro-batch; divides the batch.

    Returns:
        The metrics.
    """
    number = labels.shape[0] // size

    def cut(tensor):
        shape = tf.concat([(number, size), tf.shape(tensor)[1:]], axis=0)
        static = (number, size, *tensor.shape[1:])
        return tf.ensure_shape(tf.reshape(tensor, shape), static)

    inputs, labels = keras.tree.map_structure(cut, (inputs, labels))
    weights = model.trainable_variables
    replicas = tf.distribute.get_strategy().num_replicas_in_sync

    def step(turn, *gradients):
        x, y = keras.tree.map_structure(lambda z: z[turn], (inputs, labels))
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs)
            scaled = model.optimizer.scale_loss(loss)
        new = tape.gradient(scaled, weights)
        for metric in model.metrics:
            if metric.name == "loss":
                metric.update_state(loss * replicas)
            else:
                metric.update_state(y, outputs["logits"])
        pairs = zip(gradients, new, strict=True)
        return turn + 1, *(a + b / number for a, b in pairs)

    zeros = [tf.zeros(x.shape, x.dtype) for x in weights]
    _, *gradients = tf.while_loop(
        lambda turn, *_: turn < number,
        step,
        (0, *zeros),
        parallel_iterations=1,
        maximum_iterations=number,
    )
    model.optimizer.apply(gradients, weights)
    return model.get_metrics_result()
