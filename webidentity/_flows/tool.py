"""Running a developer tool: finding its program, its working directory and its timeout."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from webidentity._protocol.effects import Call, Completed, Flow, Run
from webidentity.errors import CredentialUnavailableError

#: The exit status of a shell for a missing program.
_NOT_FOUND = 127


class Tool(NamedTuple):
    """A command line tool that prints tokens of its signed-in user."""

    #: Its name in its documentation.
    title: str
    #: Its name in error messages.
    name: str
    #: The file names of its program, and those on Windows.
    programs: tuple[str, ...]
    windows_programs: tuple[str, ...]
    #: The message if it is not installed.
    missing: str
    #: Environment variables added to those of this process.
    switches: Mapping[str, str]
    #: Where its errors are documented.
    help: str

    def run(self, arguments: Sequence[str], timeout: float | None) -> Flow[Completed]:
        """Run the tool in a system folder, never through a shell.

        :raises ~webidentity.CredentialUnavailableError: it is not installed, cannot be started, or takes longer than
            ``timeout`` seconds.
        """
        names = self.windows_programs if sys.platform.startswith("win") else self.programs
        program: str | None = yield Call(partial(find_program, names), blocking=True)
        if program is None:
            raise CredentialUnavailableError(message=self.missing)
        run = Run((program, *arguments), {**os.environ, **self.switches}, system_folder(), timeout)
        try:
            completed: Completed = yield run
        except TimeoutError:  # a subclass of OSError
            failure = (
                f"Failed to invoke {self.name}. Timed out waiting for {self.title} after {timeout} s; process_timeout "
                f"sets the limit. {self.help}"
            )
        except OSError as error:
            failure = f"Failed to execute '{program}' ({error.strerror}). {self.help}"
        else:
            return completed
        raise CredentialUnavailableError(message=failure)

    def is_missing(self, failed: Completed) -> bool:
        """Whether the program that was found is a wrapper for a program that is missing."""
        return failed.returncode == _NOT_FOUND or failed.stderr.startswith(f"'{self.programs[0]}' is not recognized")


def find_program(names: Sequence[str]) -> str | None:
    """Return the absolute path of the first of the names that is on PATH.

    Programs in the current directory are never used, because other people may be able to write there: relative and
    empty entries of PATH are skipped, and so is the search of ``shutil.which`` in the current directory on Windows.
    """
    import shutil

    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders = [entry for entry in entries if os.path.isabs(entry)]
    for name in names:
        for folder in folders:
            found = shutil.which(os.path.join(folder, name))
            if found is not None and os.path.isabs(found):
                return found
    return None


def system_folder() -> str:
    """Return a folder that only the operating system writes to: tools read settings and code from where they run.

    :raises ~webidentity.CredentialUnavailableError: Windows does not say where it is.
    """
    if sys.platform.startswith("win"):
        folder = os.environ.get("SYSTEMROOT")
        if not folder:
            raise CredentialUnavailableError(
                message="Environment variable 'SYSTEMROOT' has no value: it names the folder in which tools are run"
            )
        return folder
    return "/bin"
