"""One stylesheet for the whole site: the theme's, the extensions' and the course's rules, without those no page can match.

The theme alone brings 400 KB for components that this book does not have.
"""

import re
from collections.abc import Iterable, Iterator

import tinycss2

_CLASS_OR_ID = re.compile(r'\b(?:class|id)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_NESTED = {"media", "supports", "layer"}


def names_in(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Every class and id that a page has or that a script may give to an element."""
    names: set[str] = set()
    for page in pages:
        for value in _CLASS_OR_ID.findall(page):
            names.update(value.split())
    for script in scripts:
        names.update(_WORD.findall(script))
    return names


def prune(css: str, names: set[str]) -> str:
    """Leave out every rule whose selectors all ask for a class or an id that is nowhere, and every unused variable.

    Args:
        css: the text of a stylesheet.
        names: the classes and ids that exist.
    """
    rules = list(_kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), names))
    return _without_unused_variables("\n".join(rules))


def _kept(rules, names: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [_text(part) for part in _split(rule.prelude) if _needs(part) <= names]
            if selectors:
                yield f"{','.join(selectors)}{{{_body(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in _NESTED and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            kept = list(_kept(inner, names))
            if kept:
                yield f"@{rule.at_keyword} {_text(rule.prelude)}{{{''.join(kept)}}}"
        elif rule.type == "at-rule" and "FontAwesome" not in rule.serialize() and "Font Awesome" not in rule.serialize():
            yield rule.serialize()


def _split(prelude) -> Iterator[list]:
    """The selectors of a list, parted at its commas."""
    selector: list = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _needs(selector: list) -> set[str]:
    """The classes and ids without which a selector matches nothing; what stands inside :not() or :is() is left aside."""
    after_dot = [b.value for a, b in zip(selector, selector[1:], strict=False) if a == "." and b.type == "ident"]
    ids = [token.value for token in selector if token.type == "hash"]
    return set(after_dot) | set(ids)


def _text(tokens) -> str:
    return tinycss2.serialize(tokens).strip()


def _body(tokens) -> str:
    return " ".join(tinycss2.serialize([token for token in tokens if token.type != "comment"]).split())


def _without_unused_variables(css: str) -> str:
    """Drop each ``--name: value`` that no rule asks for, until none is left."""
    while True:
        used = set(re.findall(r"var\(\s*(--[\w-]+)", css)) | set(re.findall(r"var\(\s*(--[\w-]+)", css))
        shorter = re.sub(
            r"(?<=[{;])\s*(--[\w-]+)\s*:((?:[^;{}\"']|\"[^\"]*\"|'[^']*')*)(?:;|(?=\}))",
            lambda m: m[0] if m[1] in used else "",
            css,
        )
        if shorter == css:
            return re.sub(r"[^{}]+\{\s*\}", "", css)
        css = shorter
