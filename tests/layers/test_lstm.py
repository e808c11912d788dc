import functools
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm.layers.lstm import LSTM, resolve_recurrence
from stalstm.layers.lstm_recurrence import SMALLEST_PART, _lstm, cut_batch
from stalstm.layers.replica_seed import ReplicaSeed
from tests.layers.layer_test import run_layer_test

FEATURES, UNITS = 6, 5
RNG = np.random.default_rng(0)
BATCH = 2 * SMALLEST_PART + 1  # two parts, unlike ones
CLIPS = RNG.normal(size=(BATCH, 7, FEATURES)).astype("float32")
STATE = [RNG.normal(size=(BATCH, UNITS)).astype("float32") for _ in range(2)]
UPSTREAM = [
    RNG.normal(size=shape).astype("float32")
    for shape in [(BATCH, 7, UNITS), (BATCH, UNITS), (BATCH, UNITS)]
]


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch):
    monkeypatch.setattr(
        tf.config.threading, "get_inter_op_parallelism_threads", lambda: 2
    )


def make_pair(recurrence="xla", units=UNITS, weight_drop=0.0, **kwargs):
    """The layer and Keras's, with the same weights."""
    kwargs = {"return_sequences": True, **kwargs}
    ours = LSTM(units, weight_drop=weight_drop, **kwargs)
    ours.recurrence = recurrence
    stock = keras.layers.LSTM(units, **kwargs)
    for layer in (ours, stock):
        layer.build((None, None, FEATURES))
    weights = [RNG.normal(size=x.shape, scale=0.5) for x in stock.weights]
    ours.set_weights(weights)
    stock.set_weights(weights)
    return ours, stock


def outputs_and_gradients(layer, clips, state):
    """With gradients for the inputs, the first state and all weights."""
    clips, *state = map(tf.constant, [clips, *state])
    weights = [x.value for x in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([clips, state])
        outputs = layer(clips, initial_state=state)
        loss = sum(
            tf.reduce_sum(x * y) for x, y in zip(outputs, UPSTREAM, strict=True)
        )
    return outputs, tape.gradient(loss, [clips, *state, *weights])


def loops(layer, clips, jit_compile=True):
    """What the layer's call becomes: ours is a function, Keras's a loop."""
    call = tf.function(layer, jit_compile=jit_compile)
    graph = call.get_concrete_function(clips).graph
    return {x.type for x in graph.get_operations() if x.type in OURS + KERAS}


def compiled_calls(graph):
    """The number of calls of what XLA compiles, within functions too."""
    functions = graph.library.function
    compiled = {
        x.signature.name for x in functions if x.attr["_XlaMustCompile"].b
    }
    nodes = [*graph.node, *(node for x in functions for node in x.node_def)]
    return sum(node.attr["f"].func.name in compiled for node in nodes)


OURS = ("PartitionedCall", "StatefulPartitionedCall")
KERAS = ("While", "StatelessWhile")


@keras.saving.register_keras_serializable("tests")
class LoadedAsXla(LSTM):
    recurrence = "xla"


@pytest.mark.parametrize("layer", [LSTM, LoadedAsXla])
def test_is_a_good_layer(layer, tmp_path):
    layer = layer(UNITS, return_sequences=True, weight_drop=0.2)
    run_layer_test(layer, CLIPS, tmp_path=tmp_path)


MODES = {
    "eager": lambda function: function,
    "graph": tf.function,
    "compiled": functools.partial(tf.function, jit_compile=True),
}


@pytest.mark.parametrize("mode", MODES)
def test_equals_keras_in_outputs_and_gradients(mode):
    def run(layer):
        return outputs_and_gradients(layer, CLIPS, STATE)

    ours, stock = make_pair(return_state=True)
    expected = run(stock)
    received = MODES[mode](run)(ours)
    for x, y in zip(received[0], expected[0], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)
    for x, y in zip(received[1], expected[1], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)


def gradient_for_clips(layer, persistent=False):
    clips = tf.constant(CLIPS)
    with tf.GradientTape(persistent=persistent) as tape:
        tape.watch(clips)
        loss = tf.reduce_sum(layer(clips) ** 2)
    return tape.gradient(loss, clips)


def test_a_gradient_in_a_graph_leaves_the_eager_one_as_it_was():
    ours, stock = make_pair(units=UNITS + 2)  # a trace that no test has used
    tf.function(gradient_for_clips)(ours)
    expected = gradient_for_clips(stock)
    received = gradient_for_clips(ours)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_a_persistent_tape_has_the_gradients_of_keras(mode):
    ours, stock = make_pair()
    run = MODES[mode](lambda: gradient_for_clips(ours, persistent=True))
    expected = gradient_for_clips(stock)
    np.testing.assert_allclose(run(), expected, rtol=1e-4, atol=1e-4)
    # The trace is shared: another tape finds it as it was.
    again = gradient_for_clips(ours)
    np.testing.assert_allclose(again, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_a_gradient_of_a_gradient_is_refused(mode):
    ours, stock = make_pair()
    weights = tf.constant(UPSTREAM[0])

    def run():
        with tf.GradientTape() as tape:
            tape.watch(weights)
            gradient = gradient_for_clips(lambda x: ours(x) * weights)
        return tape.gradient(gradient, weights)

    with pytest.raises(Exception, match="set `recurrence = 'keras'`"):
        MODES[mode](run)()
    expected = gradient_for_clips(stock)
    again = gradient_for_clips(ours)
    np.testing.assert_allclose(again, expected, rtol=1e-4, atol=1e-4)


def test_saturated_gates_have_the_gradients_of_keras():
    """Each gate all open and all shut: no division by what is zero."""
    ours, stock = make_pair(return_state=True)
    kernel, recurrent, _ = ours.get_weights()
    for biases in itertools.product([-200.0, 200.0], repeat=4):
        bias = np.repeat(biases, UNITS)
        for layer in (ours, stock):
            layer.set_weights([kernel, recurrent, bias])
        expected = outputs_and_gradients(stock, CLIPS, STATE)
        received = outputs_and_gradients(ours, CLIPS, STATE)
        for part in (0, 1):
            for x, y in zip(received[part], expected[part], strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("recurrence", "batch"),
    [("fused", BATCH), ("hoisted", 1), ("xla_prediction", BATCH)],
)
@pytest.mark.parametrize("frames", [1, 7])
def test_a_layer_that_does_not_train_equals_keras(recurrence, batch, frames):
    """In one trace for clips of any length."""
    ours, stock = make_pair(recurrence, return_state=True)
    specs = [
        tf.TensorSpec((batch, None, FEATURES)),
        *[tf.TensorSpec((batch, UNITS))] * 2,
    ]
    call = tf.function(
        lambda x, *state: ours(x, initial_state=state), input_signature=specs
    )
    arguments = CLIPS[:batch, :frames], *(x[:batch] for x in STATE)
    expected = stock(arguments[0], initial_state=list(arguments[1:]))
    for x, y in zip(call(*arguments), expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)


def test_stacked_layers_of_different_widths_share_nothing_but_code():
    """The compiled loops serve all layers of a program: none spoils another."""
    wide, stock_wide = make_pair()
    narrow, stock_narrow = (
        cls(UNITS, return_sequences=True) for cls in (LSTM, keras.layers.LSTM)
    )
    narrow.recurrence = "xla"
    for layer in (narrow, stock_narrow):
        layer.build((None, None, UNITS))
    narrow.set_weights(stock_narrow.get_weights())
    signature = [tf.TensorSpec((2, None, FEATURES))]
    call = tf.function(
        lambda x: narrow(wide(x)), input_signature=signature, jit_compile=True
    )
    expected = stock_narrow(stock_wide(CLIPS[:2]))
    np.testing.assert_allclose(call(CLIPS[:2]), expected, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_takes_any_length_and_batch_in_one_trace(jit_compile):
    ours, stock = make_pair()
    call = tf.function(
        ours,
        input_signature=[tf.TensorSpec((None, None, FEATURES))],
        jit_compile=jit_compile,
    )
    for clips in (CLIPS, CLIPS[:2, :4], CLIPS[:1, :1]):
        np.testing.assert_allclose(call(clips), stock(clips), atol=1e-5)
    assert call.experimental_get_tracing_count() == 1


def test_what_stands_beyond_a_clip_does_not_reach_it():
    ours, stock = make_pair()
    padded = CLIPS.copy()
    padded[:, 4:] = np.nan
    alone = stock(CLIPS[:, :4])
    np.testing.assert_allclose(ours(padded)[:, :4], alone, atol=1e-5)


def test_last_output_and_state_are_those_of_keras():
    ours, stock = make_pair(return_sequences=False, return_state=True)
    for x, y in zip(ours(CLIPS), stock(CLIPS), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-5)


@pytest.mark.parametrize("recurrence", ["keras", "xla"])
def test_a_training_step_drops_recurrent_connections(recurrence):
    ours, stock = make_pair(recurrence, weight_drop=0.4)
    kernel, whole, bias = ours.get_weights()
    np.testing.assert_allclose(ours(CLIPS), stock(CLIPS), atol=1e-5)
    trained = [ours(CLIPS, training=True) for _ in range(2)]
    seed = ReplicaSeed(7)
    ours.dropout_seed.state.assign(seed.state)
    trained.append(ours(CLIPS, training=True))
    dropped = keras.random.dropout(whole, 0.4, seed=seed)
    assert 0 < np.mean(dropped == 0) < 1
    stock.set_weights([kernel, dropped, bias])
    np.testing.assert_allclose(trained[-1], stock(CLIPS), atol=1e-5)
    assert len({x.numpy().tobytes() for x in trained}) == 3
    np.testing.assert_array_equal(ours.get_weights()[1], whole)


def test_a_dropped_connection_gets_no_gradient():
    ours, _ = make_pair(weight_drop=0.4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(ours(CLIPS, training=True) ** 2)
    (_, gradient, _) = tape.gradient(
        loss, [x.value for x in ours.trainable_variables]
    )
    assert 0.2 < np.mean(gradient == 0) < 0.6


def test_weights_and_files_are_those_of_keras(tmp_path):
    ours, stock = make_pair()
    fresh, fresh_stock = make_pair()
    inputs = keras.Input((None, FEATURES))
    for source, target in ((ours, fresh_stock), (stock, fresh)):
        path = tmp_path / "a.weights.h5"
        keras.Model(inputs, source(inputs)).save_weights(path)
        keras.Model(inputs, target(inputs)).load_weights(path)
        np.testing.assert_allclose(target(CLIPS), stock(CLIPS), atol=1e-5)


def test_auto_is_ours_on_a_cpu_and_keras_on_a_gpu(monkeypatch):
    assert resolve_recurrence("auto") == "xla"
    gpu = tf.config.LogicalDevice("/device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda _: [gpu])
    assert resolve_recurrence("auto") == "keras"
    assert resolve_recurrence("xla") == "xla"


def test_each_layer_computes_as_it_is_told():
    for jit_compile in (False, True):
        ours, _ = make_pair()
        other, _ = make_pair(recurrence="keras")
        assert loops(ours, CLIPS, jit_compile) <= set(OURS)
        assert loops(other, CLIPS, jit_compile) <= set(KERAS)


def test_how_a_layer_computes_is_not_saved(tmp_path):
    ours, _ = make_pair()
    assert LSTM.from_config(ours.get_config()).recurrence == "keras"
    inputs = keras.Input((None, FEATURES))
    keras.Model(inputs, ours(inputs)).save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert loaded.layers[-1].recurrence == "keras"


@pytest.mark.parametrize(
    "kwargs",
    [
        {"activation": "relu"},
        {"use_bias": False},
        {"dropout": 0.5},
        {"go_backwards": True},
        {"units": 1},
    ],
)
def test_what_ours_cannot_do_is_left_to_keras(kwargs):
    layer, stock = make_pair(**kwargs)
    assert loops(layer, CLIPS) <= set(KERAS)
    np.testing.assert_allclose(layer(CLIPS), stock(CLIPS), atol=1e-5)


def test_a_mask_is_left_to_keras():
    ours, stock = make_pair()
    mask = np.arange(7) < np.linspace(2, 7, BATCH)[:, None]
    np.testing.assert_allclose(
        ours(CLIPS, mask=mask), stock(CLIPS, mask=mask), atol=1e-5
    )


@pytest.mark.parametrize(
    ("batch", "cores", "parts"),
    [
        (2 * SMALLEST_PART + 1, 2, 2),
        (2 * SMALLEST_PART - 1, 2, 1),
        (2 * SMALLEST_PART, 1, 1),
        (64, 3, 3),
    ],
)
def test_a_batch_is_cut_for_the_cores(monkeypatch, batch, cores, parts):
    monkeypatch.setattr(
        tf.config.threading, "get_inter_op_parallelism_threads", lambda: cores
    )
    signature = tf.TensorSpec((batch, 7, FEATURES))

    def calls(recurrence):
        layer, _ = make_pair(recurrence=recurrence)
        graph = tf.function(layer).get_concrete_function(signature).graph
        return compiled_calls(graph.as_graph_def())

    assert calls("xla") == parts
    assert calls("xla_prediction") == 1


def test_layers_of_one_shape_are_traced_once():
    """As are the stages of a training, which differ in other things."""
    first, _ = make_pair(units=UNITS + 1)
    second, _ = make_pair(units=UNITS + 1)

    @tf.function
    def gradients(clips):
        with tf.GradientTape() as tape:
            tape.watch(clips)
            outputs = first(clips), second(clips)
        return tape.gradient(outputs, clips)

    before = _lstm.experimental_get_tracing_count()
    gradients(tf.constant(CLIPS))
    assert _lstm.experimental_get_tracing_count() == before + 1


@pytest.mark.parametrize(
    ("batch", "sizes"), [(40, [14, 13, 13]), (32, [16, 16]), (12, [6, 6])]
)
def test_no_part_of_a_batch_is_larger_than_asked_for(batch, sizes):
    parts = cut_batch(np.arange(batch), np.arange(batch), largest=16)
    assert [len(x) for x, _ in parts] == sizes
    for place in (0, 1):
        whole = np.concatenate([x[place] for x in parts])
        np.testing.assert_array_equal(whole, np.arange(batch))
