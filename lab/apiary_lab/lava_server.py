"""A LAVA server: jobs there, and their logs from there, by XML-RPC.

Which server, and who one is, is lavacli's business: identities of
~/.config/lavacli.yaml (`lavacli identities add`), or LAVA_URL, LAVA_USER and
LAVA_TOKEN. Must not know what is booted.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import socket
import time
import urllib.parse
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from . import lava, store
from .lava_log import Events, parse
from .lava_run import conclude
from .records import Console
from .status import LabError, no_such
from .targets import Target
from .watch import Expect, Run, Watch

ANSWER = 30.0       # seconds for the server to answer
POLL = 1.0
# Beyond the time that a job may take: waiting for a board to be free.
QUEUE = 3600.0


def identity(name: str) -> tuple[str, str, str]:
    """URL, user and token."""
    import yaml

    url = os.environ.get("LAVA_URL", "")
    if url:
        return (url, os.environ.get("LAVA_USER", ""),
                os.environ.get("LAVA_TOKEN", ""))
    path = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) \
        / "lavacli.yaml"
    try:
        known = yaml.safe_load(path.read_text()) or {}
        found = known[name]
        return (found["uri"], found.get("username", ""),
                found.get("token", ""))
    except OSError:
        raise LabError("which LAVA server? lavacli identities add --uri "
                       "http://SERVER/RPC2 --username U --token T default"
                       ) from None
    except KeyError:
        raise LabError(no_such("identity", name, sorted(map(str, known)))
                       + " (lavacli identities add)") from None
    except (yaml.YAMLError, TypeError) as error:
        raise LabError(f"{path}: {error}") from None


class Server:
    """One server, as one user."""

    def __init__(self, name: str = "default", base_url: str = "") -> None:
        url, user, token = identity(name)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LabError(f"{url!r} is no URL of a LAVA server")
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.base_url = base_url
        if user and token:
            quoted = urllib.parse.quote(token, "")
            url = urllib.parse.urlunsplit(parts._replace(
                netloc=f"{user}:{quoted}@{parts.netloc}"))
        self.proxy = xmlrpc.client.ServerProxy(
            url, allow_none=True, use_builtin_types=True)

    def ask(self, method: str, *words: Any) -> Any:
        """One call, with what can go wrong said in a line."""
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(ANSWER)
        try:
            function = self.proxy
            for part in method.split("."):
                function = getattr(function, part)
            return function(*words)
        except xmlrpc.client.ProtocolError as error:
            why = "it does not know this user and token" \
                if error.errcode in (401, 403) else \
                f"{error.errcode} {error.errmsg}"
            raise LabError(f"{self.shown}: {why}") from None
        except xmlrpc.client.Fault as error:
            text = " ".join(error.faultString.split())
            raise LabError(f"{self.shown} refuses {method}: {text}"
                           ) from None
        except (OSError, xmlrpc.client.Error, ValueError) as error:
            raise LabError(f"{self.shown} does not answer: "
                           f"{error}") from None
        finally:
            socket.setdefaulttimeout(before)

    def version(self) -> str:
        return f"LAVA server {self.ask('system.version')}"

    def submit(self, target: Target, images: lava.Images, folder: Path,
               name: str) -> int:
        """The job, checked here, then given to the server."""
        if target.runner == "lava":
            images = lava.for_board(target, images, lava.NO_DESK
                                    if target.own.get("virtual") else {})
        text = lava.job(target, images, name, base_url=self.base_url)
        wrong = lava.check(text, None)
        if wrong:
            raise LabError(f"{target.name}: LAVA refuses it: "
                           f"{'; '.join(wrong)}")
        store.write_text(folder / "job.yaml", text)
        found = self.ask("scheduler.jobs.submit", text)
        return int(found[0] if isinstance(found, list) else found)

    def boot(self, target: Target, images: lava.Images, log: Path,
             expect: Expect, echo: BinaryIO | None = None,
             timeout: float = 0.0,
             on_stage: Callable[[str], None] | None = None) -> Run:
        job = self.submit(target, images, log.parent, f"apiary {target.name}")
        return self.follow(job, target, log, expect, echo, timeout, on_stage)

    def follow(self, job: int, target: Target, log: Path, expect: Expect,
               echo: BinaryIO | None = None, timeout: float = 0.0,
               on_stage: Callable[[str], None] | None = None) -> Run:
        """Waits for the job's end; what its log shows. Ctrl-C cancels it."""
        expect = Expect(expect.guests, expect.hypervisor,
                        board=target.runner == "lava")
        run = Run([f"{self.shown}/scheduler/job/{job}"], log, Console())
        watch = Watch(target.timeouts, run, expect, on_stage)
        events = Events(watch)
        started = time.monotonic()
        limit = started + (timeout or lava.seconds(target)["job"] + QUEUE)
        try:
            self._listen(job, events, limit, echo)
        except KeyboardInterrupt:
            self.ask("scheduler.jobs.cancel", job)
            raise
        store.write_text(log, "".join(f"{text}\n" for text in events.console))
        run.seconds = time.monotonic() - started
        run.machine = ", ".join(filter(None, [self.version(),
                                              events.loader]))
        conclude(events, expect)
        return run

    def _listen(self, job: int, events: Events, limit: float,
                echo: BinaryIO | None) -> None:
        # Not in pieces: a log that is being written has come with gaps.
        while self.ask("scheduler.jobs.show", job).get("state") != \
                "Finished":
            if time.monotonic() > limit:
                self.ask("scheduler.jobs.cancel", job)
                events.watch.run.infrastructure.append(
                    f"job {job} did not end in time: cancelled")
                break
            time.sleep(POLL)
        _, raw = self.ask("scheduler.jobs.logs", job)
        for text in bytes(raw).decode("utf-8", "replace").splitlines():
            event = parse(text)
            if event is not None:
                events.take(event)
        if echo is not None:
            echo.write("".join(f"{t}\n" for t in events.console).encode())
            echo.flush()
        self._ended(job, events)

    def _ended(self, job: int, events: Events) -> None:
        shown = self.ask("scheduler.jobs.show", job)
        if not events.ended:
            events.ended = "pass" if shown.get("health") == "Complete" else \
                str(shown.get("health", "Unknown"))
        # The server's own results must say the same as its log.
        import yaml
        events.results.clear()
        events.measured.clear()
        for item in yaml.safe_load(
                self.ask("results.get_testjob_results_yaml", job)) or []:
            if item.get("suite") == "lava":
                continue
            name = item["name"]
            events.results[name] = item["result"]
            if item.get("measurement") not in (None, "", "None"):
                events.measured[name] = float(item["measurement"])


class Fetcher:
    """Boots that were jobs already: the jobs' logs, in their order."""

    def __init__(self, server: Server, jobs: list[int]) -> None:
        self.server = server
        self.jobs = list(jobs)
        self.seen: set[Path] = set()

    def boot(self, target: Target, images: lava.Images, log: Path,
             expect: Expect, *rest: Any) -> Run:
        if log in self.seen or not self.jobs:   # a retry: a job of its own
            return self.server.boot(target, images, log, expect, *rest)
        self.seen.add(log)
        return self.server.follow(self.jobs.pop(0), target, log, expect,
                                  *rest)
