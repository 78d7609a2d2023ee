"""Names for the arrays of a structure, as one would write them: ``encoder.layers[0].attention.w_q``."""

from attnlib.params import is_leaf


def leaf_names(tree, name=""):
    """Where each array of a structure stands, in the order of ``tree_leaves``.

    Args:
        tree: nested tuples and NamedTuples of arrays.
        name: what the structure itself is called.

    Returns:
        A list of names: fields by their name, places of a plain tuple by their number.
    """
    if is_leaf(tree):
        return [name]
    if not isinstance(tree, tuple):
        return []
    fields = getattr(tree, "_fields", None)
    steps = [f"[{i}]" for i in range(len(tree))] if fields is None else [f".{field}" for field in fields]
    return [
        leaf for step, part in zip(steps, tree, strict=True) for leaf in leaf_names(part, (name + step).lstrip("."))
    ]
