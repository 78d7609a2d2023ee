"""The code of a function as a page shows it: what it computes, without its docstring and its checks."""

import ast
import inspect
import re
from collections.abc import Callable


class Listing:
    """A function's code; displays itself as a block of Python and a line that says where all of it is."""

    def __init__(self, function: Callable):
        self.function = function

    def __repr__(self) -> str:
        return code_of(self.function)

    def _repr_markdown_(self) -> str:
        file = self.function.__module__.replace(".", "/") + ".py"
        whole = f"The whole, with docstring and checks: `{file}`, or run `{self.function.__name__}??`."
        return f"```python\n{self}\n```\n\n{whole}"


def listing(function: Callable) -> Listing:
    """Show what a function of the library computes."""
    return Listing(function)


def code_of(function: Callable) -> str:
    """The function's own lines, comments included, but for those that are left out.

    Decorators are, too: in the library they only keep NumPy from warning.
    """
    source = inspect.getsource(function)
    [definition] = ast.parse(source).body
    hidden = set(range(1, definition.lineno))
    for node in ast.walk(definition):
        if isinstance(node, ast.stmt) and left_out(node):
            hidden |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [line for number, line in enumerate(source.splitlines(), 1) if number not in hidden]
    return re.sub(r":\n\n+", ":\n", "\n".join(lines))


def left_out(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, or does nothing but check arguments and raise."""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
        case ast.Expr(ast.Call(ast.Name(name))):
            return name.startswith(("check_", "as_"))
        case ast.Assign([target], value):
            return checks_only(target, value.elts if isinstance(value, ast.Tuple) else [value])
        case ast.If(body=[*_, ast.Raise()], orelse=[]):
            return True
        case ast.If(body=body, orelse=[]):
            return all(map(left_out, body))
    return False


def checks_only(target: ast.expr, values: list[ast.expr]) -> bool:
    """Whether names get back what they held, checked: ``[x], axis = as_floats(x=x), as_axis(axis, x=x)``.

    All functions called ``as_…`` do nothing else, but for ``as_scale``, which knows what None means.
    """
    given = set()
    for value in values:
        match value:
            case ast.Call(ast.Name(name)) if name.startswith("as_") and name != "as_scale":
                arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
                given |= {argument.id for argument in arguments if isinstance(argument, ast.Name)}
            case _:
                return False
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)} <= given | {"_"}
