"""Uses exported models, locally or over the network, without TensorFlow."""
