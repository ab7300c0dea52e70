"""A sidecar of our own for the tests: the real binary on a folder that goes away."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path

HOUSE = Path(__file__).resolve().parent / "house"
ROOT = HOUSE.parents[2]
BINARY = Path(os.environ.get("MAKEGOOD_BIN", ROOT / "target/debug/makegood")).resolve()
# Of the environment nothing that configures a sidecar: the tests say all that they want.
ENVIRONMENT = {name: it for name, it in os.environ.items() if not name.startswith("MAKEGOOD_")}


class Sidecar:
    """`makegood serve` with the example's policy and people; `restart` keeps address and data."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="makegood-python-")
        self._process: subprocess.Popen | None = None
        self.address = "127.0.0.1:0"
        self._makegood("import", "--mapping", HOUSE / "people.toml", HOUSE / "people.csv")
        # The first token makes the development key, which a sidecar reads when it starts.
        self.token("dana")
        self.start()

    def __enter__(self) -> "Sidecar":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Starts it and waits until it serves."""
        command = self._command("serve", "--policy", HOUSE / "policy.toml")
        command += ["--listen", self.address, "--log-format", "json"]
        self._process = subprocess.Popen(
            command, cwd=self._folder.name, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
        )
        self.address = _listening(self._process.stderr)

    def kill(self) -> None:
        """Ends it as a power cut would: without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stderr.close()
            self._process = None

    def token(self, agent: str) -> str:
        """A token of an agent for any call, as development mode allows."""
        return self._makegood("token", "mint", "--agent", agent).strip()

    def _command(self, *arguments: object) -> list[str]:
        data = Path(self._folder.name) / "data"
        return [str(BINARY), *map(str, arguments), "--data", str(data)]

    def _makegood(self, *arguments: object) -> str:
        done = subprocess.run(
            self._command(*arguments),
            cwd=self._folder.name,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout


def _listening(log) -> str:
    """The address that the sidecar logs once it serves; the rest of its log goes nowhere."""
    said = []
    for line in log:
        said.append(line)
        try:
            address = json.loads(line).get("listen")
        except json.JSONDecodeError:
            continue
        if address is not None:
            # A full pipe would stop the sidecar.
            threading.Thread(target=_drain, args=(log,), daemon=True).start()
            return address
    raise RuntimeError("the sidecar ended before it served:\n" + "".join(said))


def _drain(log) -> None:
    try:
        for _ in log:
            pass
    except ValueError:
        # The pipe was closed with the sidecar.
        return
