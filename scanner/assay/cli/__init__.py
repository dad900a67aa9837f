"""The command line. One file per command, imported only when it is used; `--version` imports nothing at all."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from argparse import HelpFormatter
    from typing import NoReturn

COMMANDS: dict[str, str] = {
    "scan": "judge Terraform, plans and snapshots by the rules",
    "audit": "judge what runs: a live account, cluster or database",
    "graph": "print resources, values and links",
    "query": "ask the resources in SQL",
    "reach": "say whether one thing reaches another, and by which path",
    "fix": "mend what can be mended in the code",
    "waivers": "list and check waivers, add one",
    "report": "merge reports, compare them, write them in another format",
    "baseline": "write down what is known, or compare with it",
    "history": "list and compare the runs that the ledger keeps",
    "can": "say who may do what, and which statements decide",
    "policy": "compare what policies grant before and after a change",
    "explain": "say why a rule matters, how to mend it, with examples",
    "rules": "list, test, make and document rules",
    "init": "write a configuration, a pre-commit hook and a workflow",
    "doctor": "say what this machine has and lacks",
    "completion": "print the completion script of a shell",
}

EXIT_CODES = """exit codes:
  0  nothing at or above the gate
  1  findings at or above the gate
  2  wrong use or configuration
  3  incomplete: something asked for could not be read or evaluated
  4  a fault of Assay itself"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if arguments is None else arguments
    if argv and argv[0] in ("--version", "-V"):
        from assay._version import __version__

        print(f"assay {__version__}")
        return 0
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0 if argv else 2
    name = argv[0]
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, 1)
        hint = f"; did you mean {near[0]}?" if near else "; see assay --help"
        print(f"assay: there is no command {name!r}{hint}", file=sys.stderr)
        return 2
    if name != "scan" or arguments is not None:
        return _guarded(name, argv[1:])
    import gc

    gc.disable()  # the process ends with the scan: looking for garbage in what is about to go costs a twentieth of it
    _leave(_guarded(name, argv[1:]))


def _leave(code: int) -> NoReturn:
    """End the process at once: taking a graph of resources apart, object by object, costs a tenth of a scan."""
    import atexit

    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader went away; the exit code still counts
        pass
    os._exit(code)


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        ["usage: assay COMMAND ...", "", "One rule, every source.", "", "commands:", *lines, "",
         "assay COMMAND --help says more; assay --version prints the version.", "", EXIT_CODES]
    )  # fmt: skip


def _guarded(name: str, argv: list[str]) -> int:
    from importlib import import_module

    try:
        code = _recalled(argv) if name == "scan" else None
        if code is None:
            code = int(import_module(f"assay.cli.{name}").run(argv))
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # argparse
        return stop.code if isinstance(stop.code, int) else 2
    except BrokenPipeError:  # the reader went away (`| head`): not our fault, and not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"assay {name}: interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: exit code 4 and a sentence
        if isinstance(error, FileNotFoundError) and not _has_folder():
            print(f"assay {name}: the working directory no longer exists; change to one that does", file=sys.stderr)
            return 2
        if not isinstance(error, _told()):
            return _fault(name, error)
        print(f"assay {name}: {error}", file=sys.stderr)
        return 3 if type(error).__name__ == "CollectionStopped" else 2  # asked for rightly, and it cannot be read


def _recalled(argv: list[str]) -> int | None:
    from assay.cache import recall

    return recall(argv)


def _has_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _told() -> tuple[type[Exception], ...]:
    """The errors that tell a user what is wrong; imported only when there is one."""
    from assay.config import ConfigError
    from assay.inventory.collect import CollectionStopped
    from assay.plugins import PluginError
    from assay.rule import RuleError
    from assay.scan import UsageError

    return CollectionStopped, ConfigError, PluginError, RuleError, UsageError


def _fault(name: str, error: Exception) -> int:
    if os.environ.get("ASSAY_DEBUG"):
        import traceback

        traceback.print_exc()
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace is not None else ""
    print(
        f"assay {name}: a fault of Assay itself: {type(error).__name__}: {error}{place}. "
        "Set ASSAY_DEBUG=1 for the whole trace, and please report it.",
        file=sys.stderr,
    )
    return 4


def formatter(prog: str) -> HelpFormatter:
    """argparse makes a formatter per option, and each asks `shutil` for the width unless it is told."""
    from argparse import RawDescriptionHelpFormatter

    return RawDescriptionHelpFormatter(prog, width=_width())


def _width() -> int:
    try:
        return int(os.environ["COLUMNS"]) - 2
    except (KeyError, ValueError):
        pass
    try:
        return (os.get_terminal_size().columns or 80) - 2
    except OSError:
        return 78
