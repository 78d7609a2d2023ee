"""Wheels for Python in the page: the course's own, and installed packages cut to the files that are needed there."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import attnlib

PACKAGES = ("attnlib", "attncourse")


def course_wheel(folder: Path) -> Path:
    """Build the course's wheel into a folder; what has not changed comes out byte for byte the same.

    Raises:
        RuntimeError: if the build fails, with what it said.
    """
    root = Path(attnlib.__file__).parents[1]
    with tempfile.TemporaryDirectory() as source:  # setuptools would leave a folder that brings deleted modules back
        for name in PACKAGES:
            shutil.copytree(root / name, Path(source, name), ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(root / name, Path(source, name))
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "--quiet",
            "-w",
            "out",
            ".",
        ]
        stamp = {"SOURCE_DATE_EPOCH": "315532800"}  # a zip file's first day: the same bytes each time
        done = subprocess.run(command, cwd=source, env=os.environ | stamp, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the course's wheel was not built:\n{done.stdout}{done.stderr}")
        (wheel,) = Path(source, "out").glob("*.whl")
        return Path(shutil.copy(wheel, folder))


def repacked(name: str, folder: Path, keep: Callable[[str], bool]) -> Path:
    """Write an installed pure-Python distribution as a wheel that has only some of its files.

    Args:
        name: of the distribution, such as ``"font-source-sans-pro"``.
        folder: where the wheel goes.
        keep: whether a file is needed, by its path in ``site-packages``; what describes the package stays.

    Raises:
        PackageNotFoundError: if it is not installed.
    """
    package = distribution(name)
    stem = f"{name.replace('-', '_')}-{package.version}"
    described = {"METADATA", "WHEEL", "top_level.txt"}
    files = {}
    for file in sorted(package.files or (), key=str):
        inside = str(file).replace("\\", "/")
        about = ".dist-info/" in inside
        if (file.name in described or "licen" in file.name.lower()) if about else keep(inside):
            files[f"{stem}.dist-info/{file.name}" if about else inside] = Path(str(file.locate())).read_bytes()
    files.setdefault(f"{stem}.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return wheel


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
