"""Random numbers of a layer: of each replica, and in checkpoints."""

import keras
import tensorflow as tf


class ReplicaSeed(keras.random.SeedGenerator):
    """`keras.random.SeedGenerator` with different numbers in every replica.

    A `tf.distribute.MirroredStrategy` gives all its devices the same state, so
    clips at the same position of two devices' shares of a batch would get the
    same dropout masks. Here the replica's number is part of the seed. That of
    the first one is zero, so a single device draws the usual numbers.
    """

    def next(self, ordered=True):
        state = super().next(ordered)
        context = tf.distribute.get_replica_context()
        if context is None:  # in the strategy's scope, but in no replica
            return state
        replica = tf.cast(context.replica_id_in_sync_group, state.dtype)
        return state + tf.stack([replica, tf.zeros_like(replica)])


class SavedSeed(keras.layers.Layer):
    """A layer whose random numbers are part of a checkpoint.

    A training that resumes draws what it would have drawn.

    Attributes:
        dropout_seed: The seed; `None` if the layer draws nothing.
    """

    dropout_seed: ReplicaSeed | None = None

    def save_own_variables(self, store):
        super().save_own_variables(store)
        if self.dropout_seed is not None:
            store["dropout_seed"] = self.dropout_seed.state

    def load_own_variables(self, store):
        if self.dropout_seed is not None:
            self.dropout_seed.state.assign(store["dropout_seed"])
        else:
            super().load_own_variables(store)
