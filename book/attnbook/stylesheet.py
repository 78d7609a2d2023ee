"""Cuts a stylesheet down to the rules that some page can match.

The theme alone brings 400 KB, most of them for components that this book does not have.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import tinycss2

_CLASS_OR_ID = re.compile(r'\b(?:class|id)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_QUOTED = re.compile(r""""[^"\n]*"|'[^'\n]*'|`[^`]*`""")
# What the theme's script gives to the parts of a version switcher, which this book does not have.
_VERSIONS = {"btn", "dropdown-item", "dropdown-menu", "dropdown-menu-dark", "list-group-item", "list-group-item-action",
             "pst-button-link-to-stable-version", "version-switcher__button", "version-switcher__menu"}  # fmt: skip
_ICON_FONT = re.compile("Font ?Awesome")  # icons stand in the pages themselves
_VARIABLE = re.compile(r"""(?<=[{;])\s*(--[\w-]+)\s*:(?:[^;{}"']|"[^"]*"|'[^']*')*(?:;|(?=}))""")
_USE = re.compile(r"var\(\s*(--[\w-]+)")
_NESTED = {"media", "supports", "layer"}


def names_in(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Every class and id that a page has, or that stands in quotes in a script, which may give it to an element."""
    names = {name for script in scripts for text in _QUOTED.findall(script) for name in _WORD.findall(text)} - _VERSIONS
    for page in pages:
        for value in _CLASS_OR_ID.findall(page):
            names.update(value.split())
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
        elif rule.type == "at-rule" and not _ICON_FONT.search(rule.serialize()):
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
    """The classes and ids without which a selector matches nothing, those inside :not() or :is() left aside."""
    after_dot = [b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"]
    ids = [token.value for token in selector if token.type == "hash"]
    return set(after_dot) | set(ids)


def _text(tokens) -> str:
    return tinycss2.serialize(tokens).strip()


def _body(tokens) -> str:
    return " ".join(tinycss2.serialize([token for token in tokens if token.type != "comment"]).split())


def _without_unused_variables(css: str) -> str:
    """Drop each ``--name: value`` that nothing asks for, again and again, as one variable may ask for another."""
    before = ""
    while css != before:
        before = css
        used = set(_USE.findall(css))
        unused = [match for match in _VARIABLE.finditer(css) if match[1] not in used]
        for match in reversed(unused):
            css = css[: match.start()] + css[match.end() :]
    return re.sub(r"[^{}]+\{\s*\}", "", css)
