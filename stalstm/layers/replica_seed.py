"""A seed from which every replica of a training draws its own numbers."""

import keras
import tensorflow as tf


class ReplicaSeed(keras.random.SeedGenerator):
    """`keras.random.SeedGenerator` with other numbers in every replica.

    A `tf.distribute.MirroredStrategy` gives all its devices the same state, so
    that clips at the same place of their shares of a batch would get the same
    dropout masks. Here the replica's number is part of the seed; that of the
    first is zero, so one device draws what it always drew.
    """

    def next(self, ordered=True):
        state = super().next(ordered)
        context = tf.distribute.get_replica_context()
        if context is None:  # in the strategy's scope, yet in no replica
            return state
        replica = tf.cast(context.replica_id_in_sync_group, state.dtype)
        return state + tf.stack([replica, tf.zeros_like(replica)])
