"""What goes wrong, as exceptions."""

from __future__ import annotations

from collections.abc import Sequence


class ConsortError(ValueError):
    """Something that was given does not fit: the message says what is wrong, where, and how to fix it."""


class ProgramError(RuntimeError):
    """The program `consort` refused or failed.

    Attributes:
        command: What was run.
        status: Its exit status; negative where a signal ended it.
        message: What it said, without its own name.
    """

    def __init__(self, command: Sequence[str], status: int, text: str) -> None:
        self.command = list(command)
        self.status = status
        mark = "consort: error: "
        self.message = text[text.rfind(mark) + len(mark):].strip() if mark in text else text.strip()
        super().__init__(self.message or f"{command[0]} ended with status {status}")
