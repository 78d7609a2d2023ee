"""``python -m conformity.torch_samples``: the samples with which PyTorch tests itself, on attnlib.

They come with its wheel: for each function and layer a list of inputs, options and corner cases. Outputs and all
gradients, of inputs and of parameters, are compared with PyTorch's in float64. They may differ by what PyTorch's own
``assert_close`` lets pass in their dtype, its absolute part taken of an array's largest number where that is above 1: a
sum of large numbers that nearly cancel keeps the rounding of the large ones.
"""

import copy
import random
import warnings
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch.testing._comparison import default_tolerances
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db

from conformity.report import OUT_OF_REACH, OutOfReachError, Row, compared, show, store
from conformity.torch_layers import LAYERS
from conformity.torch_operations import OPERATIONS

DTYPES = torch.float32, torch.float64
REFUSED = {  # how attnlib's message begins: what the sample asks for
    "axis must be one of the axes of the array": "an array without axes",
    "eps must be a finite number of 0 or more": "a negative eps",
}


def as_array(value):
    """A tensor as an array, a dtype as NumPy's; all else as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    return np.dtype(str(value).removeprefix("torch.")) if isinstance(value, torch.dtype) else value


def seeded():
    """Samples are drawn from two generators."""
    torch.manual_seed(0)
    random.seed(0)


def in_float64(value):
    """A tensor of floats in float64, as a leaf of its own; all else as it is."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.detach().double().requires_grad_(value.requires_grad)
    return value


def as_it_is(value):
    """The sample's own dtype."""
    return value


def operation_calls(name, run, sample):
    """One sample of a function, for attnlib and for PyTorch: outputs, and gradients or what to differentiate by."""
    given, options = (sample.input, *sample.args), sample.kwargs
    learned = [i for i, x in enumerate(given) if isinstance(x, torch.Tensor) and x.requires_grad]
    output, pullback = run(*map(as_array, given), **{key: as_array(value) for key, value in options.items()})

    def attnlib_call(arriving):
        grads = pullback(arriving)
        return [np.asarray(output)], [grads[i] for i in learned]

    def torch_call(cast):
        inputs = list(map(cast, given))
        output = function_of(name)(*inputs, **{key: cast(value) for key, value in options.items()})
        return [output], [inputs[i] for i in learned]

    return attnlib_call, torch_call


def function_of(name):
    """PyTorch's function; in a sample of ``embedding`` the table comes first."""
    if name == "nn.functional.embedding":
        return lambda table, tokens: torch.nn.functional.embedding(tokens, table)
    return getattr(torch.nn.functional, name.rpartition(".")[2])


def layer_calls(name, run, kind, sample):
    """The same for one sample of a layer."""
    constructor, forward = sample.constructor_input, sample.forward_input
    layer = kind(*constructor.args, **constructor.kwargs).to(forward.args[0].dtype)
    weights = {key: as_array(value) for key, value in layer.named_parameters()}
    options = {key: as_array(value) for key, value in forward.kwargs.items()}
    outputs, pullback = run(layer, weights, *map(as_array, forward.args), **options)

    def attnlib_call(arriving):
        inputs, by_name = pullback(arriving)
        return outputs, [*inputs, *(by_name[key] for key in weights)]

    def torch_call(cast):
        inputs = [cast(x).detach().requires_grad_() for x in forward.args]
        wide = copy.deepcopy(layer).to(inputs[0].dtype)
        each_head = {"average_attn_weights": False} if name == "MultiheadAttention" else {}
        output = wide(*inputs, **forward.kwargs, **each_head)
        return output if isinstance(output, tuple) else [output], [*inputs, *wide.parameters()]

    return attnlib_call, torch_call


def answers(attnlib_call, torch_call, atol):
    """What attnlib found, what PyTorch finds in float64, and ``atol`` of an array's largest number."""
    outputs, leaves = torch_call(as_it_is)
    dtypes = [x.dtype for x in (*outputs, *leaves)]
    arriving = torch.randn_like(outputs[0])
    outputs, leaves = torch_call(in_float64)
    exact = [*outputs, *torch.autograd.grad(outputs[0], leaves, arriving.double())]
    found = chain(*attnlib_call(as_array(arriving)))
    for array, expected, dtype in zip(found, exact, dtypes, strict=True):
        expected = as_array(expected.to(dtype))
        yield array, expected, atol * float(np.abs(expected).max(initial=0))


def row(group, case, calls, dtype):
    """One case, run and compared. Parameters and the gradient that arrives do not depend on the cases before."""
    seeded()
    try:
        both = calls()
    except OutOfReachError as lack:
        return Row(group, case, OUT_OF_REACH, reason=str(lack))
    except ValueError as refusal:  # attnlib's own: PyTorch is asked later
        return Row(group, case, OUT_OF_REACH, reason=REFUSED[str(refusal).partition(": ")[0]])
    rtol, atol = default_tolerances(dtype)
    return compared(group, case, answers(*both, atol), rtol, atol)


def rows():
    """Every sample, in both dtypes."""
    found = []
    for name, run in OPERATIONS.items():
        for op in (op for op in op_db if op.name == name and op.variant_test_name != "without_cudnn"):
            for dtype in DTYPES:
                seeded()
                for i, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=True)):
                    case = f"{op.variant_test_name} {i} {str(dtype)[6:]}".strip()
                    found.append(row(name, case, partial(operation_calls, name, run, sample), dtype))
    for module in module_db:
        name = module.module_cls.__name__
        for dtype in DTYPES if name in LAYERS else ():
            seeded()
            how = {"device": "cpu", "dtype": dtype, "requires_grad": True, "training": True}
            for i, sample in enumerate(module.module_inputs_func(module, **how)):
                calls = partial(layer_calls, name, LAYERS[name], module.module_cls, sample)
                found.append(row(name, f"{i} {str(dtype)[6:]}", calls, dtype))
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    found = rows()
    show(found)
    store("torch_samples", ["numpy", "torch"], found)
