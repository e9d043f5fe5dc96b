"""Every private name of Keras, TensorFlow and IPython that the package uses, in one place.

Each is a break that waits for a release. So each stands behind a function of its own, with what is
public tried first where there is something, and has a test (`tests/test_private_names.py`), which
the weekly workflow runs before anything else.
"""

from importlib import import_module

LAYERS_INSIDE = "model._flatten_layers()"
"""Python to paste: the layers of a `model`, those inside of others too, wherever they are kept."""


def functional(model):
    """The functional graph that a built Sequential wraps, or the model itself.

    No public attribute of a Sequential gives the tensors between its layers.
    """
    return getattr(model, "_functional", None) or model


def is_sequential_unbuilt(model):
    """Whether it is a Sequential whose graph is not known yet."""
    return hasattr(model, "_functional")


def has_nodes(function):
    """Whether it is a graph of calls: a functional model; not a layer, nor a subclassed model."""
    return hasattr(function, "_nodes_by_depth")


def levels(function):
    """The calls of a functional graph by their depth: lists of nodes, that of the inputs first.

    `function.operations` is public, but lists a layer once that is called twice.
    """
    return [function._nodes_by_depth[depth] for depth in sorted(function._nodes_by_depth)[::-1]]


def inputs_structure(function):
    """The inputs of a functional model in the structure that it was made with, such as a dict."""
    return function._inputs_struct


def operation_of(tensor):
    """The layer or operation that a symbolic tensor comes from."""
    return tensor._keras_history.operation


def call_number(tensor):
    """Which call of its layer a symbolic tensor comes from, in the order of the user's code."""
    return tensor._keras_history.node_index


def sublayers(layer):
    """The layers inside a layer or model, those directly inside.

    `model.layers` is public, but a layer of the user's own has no such list, and of a model it is
    gathered anew each time, which takes longer than all else that is looked at.
    """
    found = vars(layer).get("_layers")  # what Keras finds missing takes it long
    return getattr(layer, "layers", ()) if found is None else found


def is_layer(value):
    """Whether it is a layer or a model; `keras.Layer` is not here to be asked for."""
    return "_layers" in getattr(value, "__dict__", ())


# What Keras writes into every layer and model for its own bookkeeping: nothing that an answer
# depends on.
BOOKKEEPING = frozenset(
    """_tracker _self_setattr_tracking _trainable_variables _non_trainable_variables _layers
    _metrics _seed_generators _lock _auto_config build quantize _saved_model_inputs_spec
    _saved_model_arg_spec _tracked name _inbound_nodes _outbound_nodes _remat_mode
    activity_regularizer _path built _input_spec _called supports_jit _losses
    _loss_ids _losses_override _call_signature call_signature_parameters _call_has_training_arg
    _call_has_mask_arg _call_context_args _call_has_context_arg
    _convert_input_args _allow_non_tensor_positional_args _build_shapes_dict _parent_path
    kernel_initializer bias_initializer kernel_regularizer bias_regularizer kernel_constraint
    bias_constraint
    _run_eagerly _jit_compile compiled loss steps_per_execution unrolled_steps_per_execution
    _initial_epoch _compute_loss_has_training_arg _compile_loss _compile_metrics _compile_config
    _compiled_trainable_state _loss_tracker train_function test_function predict_function
    _distribute_strategy optimizer history stop_training stop_evaluating stop_predicting
    _eval_epoch_iterator _inputs_struct _outputs_struct _inputs _outputs _nodes _nodes_by_depth
    _operations _operations_by_depth""".split()
)


def variables_of(optimizer):
    """The weights that an optimiser was built for; `optimizer.variables` are its own."""
    return getattr(optimizer, "_trainable_variables", ())


def loss_weights(model):
    """What `compile` got as `loss_weights`; None where nothing, or it is not compiled."""
    return getattr(getattr(model, "_compile_loss", None), "_user_loss_weights", None)


def has_plan(optimizer):
    """Whether a learning rate follows a plan; `optimizer.learning_rate` is its present value."""
    rate = getattr(optimizer, "_learning_rate", None)
    return callable(rate) and not hasattr(rate, "assign")


def forget_unmade_weights():
    """Empties Keras's list of weights that it has not made yet, and would make at the next layer.

    The public `keras.backend.clear_session()` empties it too, but also the count of layer names.
    """
    state = import_module("keras.src.backend.common.global_state")
    state.set_global_attribute("uninitialized_variables", [])


def never_warn_of_retracing(function):
    """Silences one `tf.function`, each of which is traced once.

    TensorFlow takes those of several models for one that is traced often. Publicly only its whole
    log can be silenced.
    """
    function._omit_frequent_tracing_warning = True
