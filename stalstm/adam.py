"""Adam, one operation a weight."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Optimizer):
    """As `keras.optimizers.Adam`, by TensorFlow's own operation for it.

    The numbers are the same up to rounding. Keras's takes some thirty
    operations for each weight, a quarter of all that a training step of the
    STA-LSTM has to trace and to start.

    Args:
        learning_rate: A number or a schedule.
        beta_1, beta_2: Decay of the running means of the gradient and of its
            square.
        epsilon: Added to the root of the latter.
        name, **kwargs: As those of every Keras optimizer.

    Source: Kingma and Ba, "Adam: A method for stochastic optimization" (ICLR
    2015), the formulation just before section 2.1.
    """

    def __init__(
        self,
        learning_rate=1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "adam",
        **kwargs,
    ):
        super().__init__(learning_rate, name=name, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums, self.velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )

    def apply(self, gradients, trainable_variables=None):
        step = tf.cast(self.iterations.value + 1, "float32")
        self.factors = {  # the same for all weights
            "beta1": tf.constant(self.beta_1),
            "beta2": tf.constant(self.beta_2),
            "beta1_power": self.beta_1**step,
            "beta2_power": self.beta_2**step,
            "epsilon": tf.constant(self.epsilon),
        }
        return super().apply(gradients, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self.momentums[index].value.handle,
            v=self.velocities[index].value.handle,
            lr=learning_rate,
            grad=gradient,
            use_locking=True,
            **self.factors,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
