"""The editor comes from a registry to the site: checked, once, and in a form that the site's own policy allows."""

import base64
import hashlib
import io
import re
import tarfile
import urllib.request

import pytest

from attnbook import editor
from attnbook.editor import ENTRY, PACKAGES, Package, adopting, fetched, file_of, lighter, linked, write_editor


def archive(module="export const a = 1;\n", path="dist/index.js"):
    """A package as the registry has it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as files:
        for name, text in ((path, module), ("LICENSE", "free\n")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            files.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


def pinned(content, name="@codemirror/state", path="dist/index.js"):
    return Package(name, "1.2.3", path, base64.b64encode(hashlib.sha512(content).digest()).decode())


@pytest.fixture
def registry(monkeypatch):
    """Address -> what it answers with, or the error that it raises; and the addresses that were asked for."""
    answers, asked = {}, []

    def urlopen(address, timeout):
        asked.append(address)
        if address not in answers:
            raise OSError("no network")
        return io.BytesIO(answers[address])

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setenv("npm_config_registry", "https://registry.test/")
    return answers, asked


def test_a_package_is_fetched_once_and_again_only_if_what_is_kept_has_changed(tmp_path, registry):
    answers, asked = registry
    package = pinned(content := archive())
    answers["https://registry.test/@codemirror/state/-/state-1.2.3.tgz"] = content
    assert fetched(package, tmp_path) == fetched(package, tmp_path) == content
    assert len(asked) == 1
    (tmp_path / package.archive).write_bytes(b"half a fi")
    assert fetched(package, tmp_path) == content
    assert len(asked) == 2


def test_what_is_not_the_pinned_package_is_refused_and_not_kept(tmp_path, registry):
    answers, _ = registry
    package = pinned(archive())
    answers["https://registry.test/@codemirror/state/-/state-1.2.3.tgz"] = archive("export const a = 2;\n")
    with pytest.raises(ValueError, match=r"state-1\.2\.3\.tgz is not the one that was pinned: its SHA-512 is"):
        fetched(package, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_site_without_network_is_built_without_the_editor_and_says_so_in_one_line(tmp_path, registry, monkeypatch):
    said = []
    monkeypatch.setattr(editor.log, "info", said.append)
    (tmp_path / "site" / editor.FOLDER / "of-an-older-build").mkdir(parents=True)
    assert write_editor(tmp_path / "site", tmp_path / "store") == ""
    assert not (tmp_path / "site" / editor.FOLDER).exists()
    assert [line for line in said if "exercises are plain text fields: no network" in line] == said
    assert len(said) == 1


@pytest.fixture
def two_packages(registry, monkeypatch, tmp_path):
    """An entry of the course's, style-mod, and a package that imports it."""
    style = archive(f"{editor._ELEMENT} root.x) y()\n", "style.js")
    view = archive('import { b }\n  from "style-mod";\nexport { b } from "style-mod"\n')
    packages = (pinned(style, "style-mod", "style.js"), pinned(view, "@codemirror/view"))
    answers, _ = registry
    answers["https://registry.test/style-mod/-/style-mod-1.2.3.tgz"] = style
    answers["https://registry.test/@codemirror/view/-/view-1.2.3.tgz"] = view
    entry = tmp_path / "entry.js"
    entry.write_text("import { a } from '@codemirror/view';\n", "utf-8")
    monkeypatch.setattr(editor, "PACKAGES", packages)
    monkeypatch.setattr(editor, "ENTRY", entry)


def test_modules_import_each_other_from_beside_them_and_bring_their_licences(tmp_path, two_packages):
    address = write_editor(tmp_path / "site", tmp_path / "store")
    folder = (tmp_path / "site" / address).parent
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert texts["entry.js"] == "import { a } from './codemirror-view.js';\n"
    assert texts["codemirror-view.js"].count('from "./style-mod.js"') == 2
    assert texts["style-mod.js"] == f"{editor._ADOPTED} root.x) y()\n"
    assert texts["LICENSE.txt"] == "style-mod 1.2.3\n\nfree\n\n\n@codemirror/view 1.2.3\n\nfree\n"


def test_another_version_has_another_address_and_the_old_one_goes(tmp_path, two_packages):
    first = write_editor(tmp_path, tmp_path / "store")
    assert write_editor(tmp_path, tmp_path / "store") == first
    editor.ENTRY.write_text("import { a as b } from '@codemirror/view';\n", "utf-8")
    second = write_editor(tmp_path, tmp_path / "store")
    assert first != second
    assert [path.name for path in (tmp_path / editor.FOLDER).iterdir()] == [second.split("/")[1]]


def test_a_module_that_is_not_shipped_cannot_be_imported():
    with pytest.raises(KeyError, match="@codemirror/autocomplete"):
        linked('import { a } from "@codemirror/autocomplete";', {"@codemirror/view": "codemirror-view.js"})


def test_the_courses_own_module_imports_only_packages_that_are_pinned():
    files = {package.name: file_of(package.name) for package in PACKAGES}
    imported = set(re.findall(r'from "\./([\w-]+\.js)"', linked(ENTRY.read_text("utf-8"), files)))
    assert imported < set(files.values())
    assert len(imported) == 6


def test_what_is_left_out_is_comments_and_spaces_alone():
    module = (
        "/**\nAbout `a`.\n*/\nconst a = /*@__PURE__*/f(); // kept: no line of its own\n\n"
        "/*@__PURE__*/g(`${a} // no comment`);\n    // gone\n    /* gone */\n    return a; /* kept */\n"
    )
    assert lighter(module) == (
        "const a = /*@__PURE__*/f(); // kept: no line of its own\n/*@__PURE__*/g(`${a} // no comment`);\n"
        "return a; /* kept */\n"
    )


def test_a_style_module_that_has_changed_is_not_patched_blindly():
    with pytest.raises(ValueError, match="see how it does now"):
        adopting("class StyleSet {}")
