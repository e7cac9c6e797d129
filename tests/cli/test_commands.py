"""What holds for every command: its options can be given as its help says, and its help reads well."""

import re
from typing import Any

import pytest
from typer.testing import CliRunner

from consumer.cli import app
from tests.cli.tree import commands

COMMANDS = list(commands())
TYPES = {"bool", "int", "float", "str", "path", "int range", "float range", "list[str]"}

each_command = pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=[" ".join(words) or "provisioner" for words, _ in COMMANDS]
)


def help_of(words: tuple[str, ...]) -> str:
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="provisioner", env={"COLUMNS": "300"})
    assert result.exit_code == 0
    return result.output


@each_command
def test_every_option_takes_a_value_of_a_plain_type(words: tuple[str, ...], command: Any) -> None:
    """Typer calls a type that it does not know, such as `Sequence[str]`, with the text: then each use of the option ends with status 2."""
    del command
    named = set(re.findall(r"<([a-z][^<>=]*)>", help_of(words)))
    assert {name for name in named if "|" not in name} <= TYPES  # others list what may be chosen


@each_command
def test_every_command_and_every_option_says_what_it_is_for(words: tuple[str, ...], command: Any) -> None:
    assert f"Usage: {' '.join(('provisioner', *words))} " in help_of(words)
    assert command.help
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_without_arguments_it_lists_the_commands() -> None:
    listed = CliRunner().invoke(app, [], env={"COLUMNS": "100"}).output
    assert [words[0] for words, _ in COMMANDS if len(words) == 1 and f" {words[0]} " not in listed] == []


def test_the_shell_completes_commands_and_options() -> None:
    def completed(typed: str) -> set[str]:
        asked = {
            "_PROVISIONER_COMPLETE": "complete_bash",
            "COMP_WORDS": f"provisioner {typed}",
            "COMP_CWORD": str(len(typed.split())),
        }
        return set(CliRunner().invoke(app, [], prog_name="provisioner", env=asked).output.split())

    assert completed("stu") == {"student"}
    assert (completed("student sh"), completed("student li"), completed("student re")) == (
        {"show"},
        {"list"},
        {"retry"},
    )
    assert "--held" in completed("student list --he")


@each_command
def test_completion_is_installed_by_the_program_alone(words: tuple[str, ...], command: Any) -> None:
    names = {option for parameter in command.params for option in parameter.opts}
    assert ("--install-completion" in names) is (words == ())
