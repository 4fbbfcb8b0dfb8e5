"""The last net: whatever goes wrong ends in one message and the right exit code.

2: the user can do something about it (bad input, a full disk, too little memory); 1: a fault of
PhyloLens; 130: interrupted, by Ctrl-C or SIGTERM.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from phylolens.errors import InputError
from phylolens.reading.text import system_fault

BAD_INPUT, FAULT, INTERRUPTED, PIPE_CLOSED = 2, 1, 130, 141
DEBUG = "PHYLOLENS_DEBUG"
GOES_ON = "Interrupted. The same command goes on where this one stopped."
FULL = ("No space left on device", "Disk quota exceeded")


def guarded(app: Callable[[], Any]) -> int:
    """Run ``app`` and return the exit code; everything but a clean end is said on stderr."""
    _prepare_streams()
    _end_on_sigterm()
    try:
        app()
    except InputError as error:
        return _say(f"Error: {error}", BAD_INPUT)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            return _say(GOES_ON, INTERRUPTED)
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except KeyboardInterrupt:
        return _say(GOES_ON, INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        return PIPE_CLOSED
    except MemoryError:
        return _say("Error: not enough memory. Give fewer images, taxa or features.", BAD_INPUT)
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            where = f"{error.filename}: " if error.filename else ""
            return _say(f"Error: {where}{system_fault(error)}.", BAD_INPUT)
        if any(text in str(error) for text in FULL):  # libraries hide the system's number
            full = system_fault(OSError(errno.ENOSPC, ""))
            return _say(f"Error: {full}.", BAD_INPUT)
        if os.environ.get(DEBUG):
            raise
        return _say(
            f"Fault in PhyloLens, not in your data: {type(error).__name__}: {error}\n"
            f"Please report it with what {DEBUG}=1 and the same command print.",
            FAULT,
        )
    return 0


def _say(message: str, code: int) -> int:
    with suppress(OSError):  # nobody may listen
        print(message, file=sys.stderr)  # noqa: T201
    return code


def _prepare_streams() -> None:
    """Let names with any letter be printed, whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _end_on_sigterm() -> None:
    """Treat SIGTERM, as of a cluster's scheduler, like Ctrl-C; a second one ends at once."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    with suppress(ValueError):  # not in the main thread: whoever started it listens
        signal.signal(signal.SIGTERM, interrupt)


def _drop_output() -> None:
    """Keep Python from complaining about the closed pipe again when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
