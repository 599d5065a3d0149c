"""The program `consort`: where it is, how it is started, and the command of that name that pip installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from consort._errors import ConsortError, ProgramError

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PACKAGES = os.path.dirname(_PACKAGE)
_LIBRARIES = {"openvino": "libs", "torch": "lib"}


def program_path() -> str:
    """Returns the path of the program: what CONSORT_PROGRAM names, else the one in this package, else the one on the PATH.

    Raises:
        ConsortError: where there is none.
    """
    named = os.environ.get("CONSORT_PROGRAM")
    if named:
        if not os.access(named, os.X_OK):
            raise ConsortError(f"CONSORT_PROGRAM is '{named}', which is no program: name the built consort, or unset it")
        return named
    bundled = os.path.join(_PACKAGE, "bin", "consort")
    if os.path.exists(bundled):
        return bundled
    found = shutil.which("consort")
    if found is None:
        raise ConsortError(
            "there is no program 'consort': install the wheel that scripts/build-wheel makes, or put the built one on the PATH"
        )
    return found


def environment() -> dict[str, str]:
    """Returns the environment for the program in this package: which Python draws charts, and where libraries are that other
    directories of packages hold than the one that holds this."""
    found = dict(os.environ)
    found.setdefault("CONSORT_PYTHON", sys.executable)
    elsewhere = [place for package in _LIBRARIES if (place := _library_directory(package))]
    if elsewhere:
        found["LD_LIBRARY_PATH"] = ":".join(elsewhere + [p for p in [found.get("LD_LIBRARY_PATH")] if p])
    return found


def _library_directory(package: str) -> str | None:
    """Where the libraries of `package` are, if not beside this package, where the program looks for them itself."""
    if os.path.isdir(os.path.join(_PACKAGES, package)):
        return None
    for directory in sys.path:
        place = os.path.join(directory, package, _LIBRARIES[package])
        if directory and os.path.isdir(place):
            return place
    return None


def run(arguments: Sequence[str], *, directory: str | None = None) -> tuple[str, str]:
    """Runs `consort` with `arguments`, and returns what it printed: standard output, standard error.

    Raises:
        ProgramError: where it ends with another status than 0.
    """
    command = [program_path(), *arguments]
    fault = obstacle()
    if fault:
        raise ConsortError(fault)
    done = subprocess.run(
        command, cwd=directory, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise ProgramError(command, done.returncode, done.stderr)
    return done.stdout, done.stderr


def obstacle() -> str | None:
    """Returns why the program of this package cannot run on this machine; None where nothing is known to be in its way."""
    try:
        # Written by scripts/build-wheel.
        from consort import _build  # type: ignore[attr-defined]
    except ImportError:
        return None
    return _obstacle(_build.MACHINE, _build.GLIBC, os.uname(), _glibc())


def _glibc() -> str:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").replace("glibc ", "")
    except (AttributeError, ValueError, OSError):
        return ""


def _obstacle(machine: str, glibc: str, here: os.uname_result, found: str) -> str | None:
    """Why a program for `machine` that needs `glibc` cannot run `here`, with the glibc `found`.

    >>> linux = os.uname_result(("Linux", "host", "6", "1", "x86_64"))
    >>> _obstacle("x86_64", "2.34", linux, "2.36")
    >>> _obstacle("aarch64", "2.34", linux, "2.36")
    'this wheel of consort is for Linux on aarch64, and this is Linux on x86_64: build one here with scripts/build-wheel'
    >>> _obstacle("x86_64", "2.34", linux, "2.31")
    'consort needs glibc 2.34 or newer, and this system has 2.31: use a newer distribution, or build it here (scripts/build-wheel)'
    >>> _obstacle("x86_64", "2.34", linux, "")
    'consort needs glibc 2.34 or newer, and this system has another C library: use Debian, Ubuntu, Fedora or the like'
    """
    if (here.sysname, here.machine) != ("Linux", machine):
        return (f"this wheel of consort is for Linux on {machine}, and this is {here.sysname} on {here.machine}: "
                "build one here with scripts/build-wheel")
    if not found:
        return (f"consort needs glibc {glibc} or newer, and this system has another C library: "
                "use Debian, Ubuntu, Fedora or the like")
    if _version(found) < _version(glibc):
        return (f"consort needs glibc {glibc} or newer, and this system has {found}: "
                "use a newer distribution, or build it here (scripts/build-wheel)")
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def main() -> None:
    """Becomes the program: same process, so signals reach it and its status is this one's."""
    try:
        program = program_path()
        fault = obstacle()
    except ConsortError as error:
        fault = str(error)
    if not fault:
        _restore_signals()
        try:
            os.execve(program, ["consort", *sys.argv[1:]], environment())
        except OSError as error:
            fault = f"'{program}' cannot be started ({error.strerror}): install consort again"
    print(f"consort: error: {fault}", file=sys.stderr)
    sys.exit(1)


def _restore_signals() -> None:
    """Python ignores these, and a program that it becomes would."""
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
