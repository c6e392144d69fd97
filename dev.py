#!/usr/bin/env python3
"""From a fresh clone to a running Magnus in one command: ``python3 dev.py demo`` or ``python3 dev.py test``.

It needs nothing but Python 3.11 or newer and a package index. It makes ``.venv`` beside itself with every package at the
version that ``constraints.txt`` pins, and skips what is done already. An older Python must still be able to parse this file,
so that it can say which one is needed: no syntax newer than Python 3.8 here.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "htmlcov", "coverage.xml", "dist", "build")

COMMANDS = {
    "demo": "run `orchestrate demo`; further arguments go to it",
    "test": "run the whole suite with coverage; arguments go to pytest instead (paths, -k, --cov, -n 0)",
    "check": "format, lint, types and layers; changes no file",
    "bench": "run the benchmarks; further arguments are names of some, or --quick",
    "setup": "only install",
    "clean": "remove .venv and caches; with --data also asks about the history in .orchestrator (--yes: do not ask)",
}


def main() -> int:
    if sys.version_info < MINIMUM:
        refuse_old_python()
    from dev_environment import Problem, ensure_installed, say

    options, rest = parse(sys.argv[1:])
    try:
        if options.command == "clean":
            return clean(rest)
        ensure_installed(options)
        if options.command == "setup":
            say("ready")
            return 0
        return {"demo": demo, "test": test, "check": check, "bench": bench}[options.command](rest)
    except Problem as problem:
        say(str(problem))
    except OSError as error:
        say(f"{error.filename or ROOT}: {error.strerror or error}")
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return 130
    return 1


def refuse_old_python() -> NoReturn:
    wanted = ".".join(map(str, MINIMUM))
    newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(name)]
    again = " ".join([newer[0] if newer else "python3", "dev.py"] + (sys.argv[1:] or ["demo"]))
    advice = "Run: " + again if newer else "Install a newer one, then run: " + again
    here = f"{sys.version.split()[0]} ({sys.executable})"
    sys.exit(f"dev.py needs Python {wanted} or newer; this is {here}. {advice}")


def parse(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The install options, which may stand before or after the command, and what is left for the command itself."""
    install = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    install.add_argument("--torch-index", metavar="URL", help="package index to take torch from (a CPU build, say)")
    install.add_argument(
        "--find-links", metavar="PLACE", action="append", default=[], help="folder or page with wheels"
    )
    install.add_argument("--offline", action="store_true", help="ask no package index, use only --find-links")
    parser = argparse.ArgumentParser(
        prog="dev.py",
        usage="python3 dev.py [options] COMMAND [arguments]",
        parents=[install],
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(__doc__ or "").split("\n\n")[0].replace("``", "`"),
        epilog="commands:\n"
        + "".join(f"  {name:<8}{text}\n" for name, text in COMMANDS.items())
        + "\nOptions may also follow the command; a lone -- ends them.",
    )
    parser.add_argument("command", choices=tuple(COMMANDS), metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if not words:
        parser.print_help()
        parser.exit(2)
    end = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:end])
    later, rest = install.parse_known_args(options.rest)
    options.torch_index = later.torch_index or options.torch_index
    options.find_links = [*options.find_links, *later.find_links]
    options.offline = options.offline or later.offline
    rest += words[end + 1 :]
    if options.command not in ("demo", "test", "bench") and {"-h", "--help"} & set(rest):
        parser.print_help()
        parser.exit(0)
    allowed = {"setup": set(), "check": set(), "clean": {"--data", "--yes"}}.get(options.command)
    if allowed is not None and not set(rest) <= allowed:
        parser.error(f"{options.command} does not know {' '.join(sorted(set(rest) - allowed))}")
    if options.offline and options.torch_index:
        parser.error("--offline and --torch-index exclude each other; give torch's wheel with --find-links")
    return options, rest


def demo(arguments: list[str]) -> int:
    from dev_environment import PYTHON, say

    script = PYTHON.with_name("orchestrate.exe" if os.name == "nt" else "orchestrate")
    code = run([str(script), "demo", *arguments], Path.cwd())
    found = shutil.which("orchestrate")
    if found is None or Path(found).resolve() != script.resolve():
        say(how_to_call(script, windows=os.name == "nt"))
    return code


def how_to_call(script: Path, *, windows: bool) -> str:
    """How a person's own shell, where nothing is activated, finds the program that the demonstration names."""
    folder = script.parent
    if windows:
        activate, program = f'& "{folder / "Activate.ps1"}"', f'& "{script}"'
        return f"orchestrate is not on your path: in PowerShell run {activate} once, or call {program} in its place"
    activate, program = "source " + shlex.quote(str(folder / "activate")), shlex.quote(str(script))
    return f"orchestrate is not on your path: run {activate} once, or call {program} in its place"


def test(arguments: list[str]) -> int:
    from dev_environment import PYTHON

    command = [str(PYTHON), "-m", "pytest"]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    own_choice = any(re.match(r"-n\d*$|--numprocesses|--pdb$|--trace$|(-p)?no:xdist$", word) for word in arguments)
    if cores > 1 and not own_choice:
        command += ["-n", str(cores), "--dist", "worksteal"]
    if not arguments:
        command.append("--cov")
    os.chdir(ROOT)
    return hand_over([*command, *arguments])


def check(_: list[str]) -> int:
    from dev_environment import PYTHON, say

    steps = {
        "format": ["ruff", "format", "--check", "."],
        "lint": ["ruff", "check", "."],
        "types": ["mypy"],
        "layers": ["pytest", "-q", "tests/structure/test_layers.py", "tests/structure/test_house.py"],
    }
    failed = []
    for name, step in steps.items():
        say(f"{name}: {' '.join(step)}")
        if run([str(PYTHON), "-m", *step]) != 0:
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    from dev_environment import PYTHON

    return run([str(PYTHON), str(ROOT / "benchmarks" / "run.py"), *arguments])


def clean(arguments: list[str]) -> int:
    from dev_environment import LOCK, discard_venv, install_lock, say

    with install_lock():
        discard_venv()
        for path in [ROOT / name for name in CACHES] + list(ROOT.glob(".coverage*")):
            remove(path)
        for folder, names, _ in os.walk(ROOT):
            names[:] = [name for name in names if name not in (".git", ".orchestrator")]
            for name in [name for name in names if name == "__pycache__" or name.endswith(".egg-info")]:
                remove(Path(folder) / name)
                names.remove(name)
    remove(LOCK)
    say("removed .venv and the caches")
    data = ROOT / ".orchestrator"
    if data.exists() and "--data" not in arguments:
        say("kept .orchestrator (your history and dashboards); clean --data asks about it")
    elif data.exists() and ("--yes" in arguments or agreed(f"Remove {data} with all history and memories in it?")):
        remove(data)
        say("removed .orchestrator")
    elif data.exists():
        say("kept .orchestrator")
    return 0


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists() or path.is_symlink():
        path.unlink()


def agreed(question: str) -> bool:
    if not sys.stdin or not sys.stdin.isatty():
        print("dev.py: there is no terminal to ask on; add --yes", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def run(command: list[str], folder: Path = ROOT) -> int:
    """Run a program of the environment, in the clone if nothing else is said; signals are the program's to handle."""
    from dev_environment import clean_environment

    process = subprocess.Popen(command, env=clean_environment(), cwd=str(folder))
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda received, _: process.send_signal(received))
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


def hand_over(command: list[str]) -> int:
    """Become a program of the environment, in the current folder."""
    from dev_environment import clean_environment

    if os.name == "nt":  # there exec returns to the shell at once, while the program is still running
        return subprocess.call(command, env=clean_environment())
    sys.stdout.flush()
    os.execve(command[0], command, clean_environment())  # noqa: S606  # an argument list needs no shell
    return 0


if __name__ == "__main__":
    sys.exit(main())
