"""The library with a small mistake in it: what a property is worth is how many such mistakes it notices."""

import builtins
import inspect
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple


class Bug(NamedTuple):
    """One small mistake: in this file of attnlib this text becomes that text."""

    name: str
    file: str
    old: str
    new: str
    behaviour: str = ""  # what a user of the function would notice
    call: str = ""  # answered otherwise than it should be


def library_with(bug: Bug | None) -> Callable[[str], ModuleType]:
    """The library with this bug, or none: takes the name of a module, such as ``"softmax"``, and returns a new one.

    Modules made by one call import one another, and nothing that others import changes.

    Raises:
        ValueError: if the bug's text does not stand in its file once.
    """
    fresh: dict[str, ModuleType] = {}

    def module(file: str) -> ModuleType:
        name = f"attnlib.{file}"
        if name not in fresh:
            source = inspect.getsource(import_module(name))
            if bug and bug.file == file:
                if source.count(bug.old) != 1:
                    raise ValueError(f"{bug.name}: {bug.old!r} must stand in {file}.py once")
                source = source.replace(bug.old, bug.new)
            fresh[name] = ModuleType(name)
            vars(fresh[name])["__builtins__"] = vars(builtins) | {"__import__": importing}
            exec(compile(source, f"<{name}>", "exec"), vars(fresh[name]))
        return fresh[name]

    def importing(name: str, *context: Any) -> ModuleType:
        return module(name.removeprefix("attnlib.")) if name.startswith("attnlib.") else __import__(name, *context)

    return module
