"""The wheel has every file that the code needs, and its commands run without the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import typer

ROOT = Path(__file__).parents[2]
_ROOMS = ("layers/core/switchover", "cli/switchover_cli", "localcloud/switchover_local")
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built outside of this checkout."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for room in _ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    _run(
        *_PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built), str(source)
    )
    (made,) = built.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def switchover(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel in an environment that sees the libraries, and not this checkout."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home, with_pip=False)
    _run(*_PIP, "--python", str(home), "install", "--no-deps", "--no-index", str(wheel))
    (packages,) = home.glob("lib/python3*/site-packages")
    (packages / "libraries.pth").write_text(str(Path(typer.__file__).parents[1]))
    return home / "bin" / "switchover"


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_code_is_in_the_wheel(wheel: Path) -> None:
    shipped = set(ZipFile(wheel).namelist())
    ours = {
        path.relative_to((ROOT / room).parent).as_posix()
        for room in _ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(ours - shipped) == []


@pytest.mark.parametrize("asked", [["--version"], ["--help"], ["upload", "--help"]])
def test_a_command_of_the_wheel_runs_alone(switchover: Path, asked: list[str]) -> None:
    assert _run(str(switchover), *asked)


def test_the_code_that_runs_is_the_wheels(switchover: Path) -> None:
    python = switchover.with_name("python")
    found = _run(str(python), "-c", "import switchover_cli; print(switchover_cli.__file__)")
    assert Path(found.strip()).is_relative_to(switchover.parents[1])


def test_a_policy_is_checked_by_the_wheel(switchover: Path, tmp_path: Path) -> None:
    policy = tmp_path / "vlm.yaml"
    policy.write_text("strategy: canary\n")
    assert _run(str(switchover), "policy", "check", str(policy)) == f"Right   {policy}\n"
