"""What counts as a printed command."""

import pytest

from tests.printed.collected import blocks, in_composition, in_page, is_command

PAGE = """
# Title

Run `make demo`, or `provisioner config
check` with `--secrets`; the command is `provisioner`, the key `database.url`, the section `config`.

```
make test    # runs every test
   ┌────┐
```

1. In a list:

   ```sh second
   # a comment
   export A="$PWD/b c"
   ls -l   # another program
   ```

```yaml config/x.yaml
make: no command
```
"""


def test_commands_are_found_in_blocks_and_in_sentences() -> None:
    assert list(in_page(PAGE)) == [
        "make test",
        'export A="$PWD/b c"',
        "ls -l",
        "make demo",
        "provisioner config check",
    ]


def test_blocks_know_their_language_and_what_stands_behind_it() -> None:
    assert [(block.language, block.info) for block in blocks(PAGE)] == [
        ("", ""),
        ("sh", "sh second"),
        ("yaml", "yaml config/x.yaml"),
    ]


@pytest.mark.parametrize(
    "text",
    ["config check", "A='b c' provisioner run", "docker compose up", "python -m bench", "kubectl apply -f x", "./x y"],
)
def test_a_command_has_a_program_and_more(text: str) -> None:
    assert is_command(text)


@pytest.mark.parametrize("text", ["provisioner", "make", "config", "don't", "account.body", "PROVISIONER_CONFIG=x"])
def test_a_name_is_no_command(text: str) -> None:
    assert not is_command(text)


def test_a_composition_has_commands_and_health_checks() -> None:
    services = {"a": {"command": ["run"]}, "b": {"healthcheck": {"test": ["CMD", "test", "-s", "x"]}}, "c": {}}
    assert list(in_composition({"services": services})) == [("a", ["run"]), ("b", ["test", "-s", "x"])]
