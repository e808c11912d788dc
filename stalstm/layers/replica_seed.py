"""A seed that gives every replica of a training its own random numbers."""

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
