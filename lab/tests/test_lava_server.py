"""LAVA servers: what can go wrong with one, by a stand-in that answers as one
does; and (with APIARY_FULL) a real one.

SPDX-License-Identifier: BSD-2-Clause
"""
import base64
import contextlib
import json
import os
import subprocess
import threading
import unittest
import xmlrpc.client
from unittest import mock
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

import yaml

from support import TOP, InFolder, log
from test_lava import images, no_schemas
from apiary_lab import lava_server, targets, watch
from apiary_lab.lava_log import lava_name
from apiary_lab.records import Console
from apiary_lab.status import LabError

GOOD = "Basic " + base64.b64encode(b"me:secret").decode()


class Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/RPC2",)

    def do_POST(self) -> None:
        if self.headers.get("Authorization") != GOOD:
            self.send_error(401, "Unauthorized")
            return
        super().do_POST()

    def log_message(self, *_: object) -> None:
        pass


class Stand(InFolder):
    """A server whose one job prints this."""

    def setUp(self) -> None:
        super().setUp()
        if no_schemas():
            self.skipTest(no_schemas())
        self.console = log("bench")
        self.state = "Finished"
        self.refusal = ""
        self.cancelled: list[int] = []
        server = SimpleXMLRPCServer(("127.0.0.1", 0), Handler,
                                    allow_none=True, logRequests=False)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for name, function in (
                ("system.version", lambda: "2023.01"),
                ("scheduler.jobs.submit", self.submit),
                ("scheduler.jobs.show", lambda job: {
                    "state": self.state, "health": "Complete"}),
                ("scheduler.jobs.logs", self.logs),
                ("scheduler.jobs.cancel", self.cancelled.append),
                ("results.get_testjob_results_yaml", self.results)):
            server.register_function(function, name)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/RPC2"
        self.login("secret")

    def login(self, token: str, url: str = "") -> None:
        change = mock.patch.dict(os.environ, LAVA_URL=url or self.url,
                                 LAVA_USER="me", LAVA_TOKEN=token)
        change.start()
        self.addCleanup(change.stop)

    def submit(self, text: str) -> int:
        if self.refusal:
            raise xmlrpc.client.Fault(400, self.refusal)
        self.assertIn("monitors", text)
        return 7

    def logs(self, job: int) -> list:
        events = [{"lvl": "target", "msg": line}
                  for line in self.console.splitlines()]
        text = "".join(f"- {json.dumps(event)}\n" for event in events)
        return [True, xmlrpc.client.Binary(text.encode())]

    def results(self, job: int) -> str:
        return yaml.safe_dump([
            {"suite": "0_apiary", "name": lava_name(case.name),
             "result": case.result, "measurement": str(case.measurement)}
            for case in Console().feed_text(log("bench")).cases])

    def boot(self, **options: float) -> watch.Run:
        target = targets.load("qemu-virt-gicv3")
        return lava_server.Server().boot(
            target, images(target), self.folder / "console.log",
            watch.Expect(1, True), **options)

    def test_job(self) -> None:
        run = self.boot()
        self.assertEqual(run.infrastructure, [])
        self.assertIn("hypercall", run.console.histograms)
        self.assertEqual(run.machine, "LAVA server 2023.01")
        self.assertTrue(run.command[0].endswith("/scheduler/job/7"))
        self.assertNotIn("secret", json.dumps(run.command))

    def test_results_must_agree(self) -> None:
        self.console = log("bench").replace("MEASUREMENT=58", "MEASUREMENT=57")
        self.assertRegex(str(self.boot().infrastructure),
                         "LAVA says 58.0 for .*, the console 57")

    def test_wrong_token(self) -> None:
        self.login("guess")
        with self.assertRaisesRegex(LabError, "does not know this user and "
                                    "token") as caught:
            self.boot()
        self.assertNotIn("guess", str(caught.exception))

    def test_refused(self) -> None:
        self.refusal = "Devices unavailable"
        with self.assertRaisesRegex(LabError, "refuses scheduler.jobs.submit:"
                                    " Devices unavailable"):
            self.boot()

    def test_down(self) -> None:
        self.login("secret", "http://127.0.0.1:4/RPC2")
        with self.assertRaisesRegex(LabError, "127.0.0.1:4 does not answer: "
                                    ".*refused"):
            self.boot()

    def test_no_url(self) -> None:
        self.login("secret", "localhost")
        with self.assertRaisesRegex(LabError, "is no URL"):
            self.boot()

    def test_never_ends(self) -> None:
        self.state = "Running"
        run = self.boot(timeout=0.1)
        self.assertIn("job 7 did not end in time: cancelled",
                      run.infrastructure)
        self.assertEqual(self.cancelled, [7])

    def test_ctrl_c_cancels(self) -> None:
        self.state = "Running"
        with mock.patch.object(lava_server, "time") as clock:
            clock.monotonic.return_value = 0.0
            clock.sleep.side_effect = KeyboardInterrupt
            with contextlib.suppress(KeyboardInterrupt):
                self.boot()
        self.assertEqual(self.cancelled, [7])


class Identity(InFolder):
    def test_files(self) -> None:
        with mock.patch.dict(os.environ, XDG_CONFIG_HOME=str(self.folder)):
            os.environ.pop("LAVA_URL", None)
            with self.assertRaisesRegex(LabError, "lavacli identities add"):
                lava_server.identity("default")
            (self.folder / "lavacli.yaml").write_text(
                "farm: {uri: 'http://h/RPC2', username: u, token: t}\n")
            self.assertEqual(lava_server.identity("farm"),
                             ("http://h/RPC2", "u", "t"))
            with self.assertRaisesRegex(LabError, "no identity default"):
                lava_server.identity("default")


@unittest.skipUnless(os.environ.get("APIARY_FULL"), "takes 2 min: APIARY_FULL")
class Real(unittest.TestCase):
    @unittest.skipIf(os.geteuid(), "a LAVA worker wants to be root")
    def test_set_up_measure_take_down(self) -> None:
        done = subprocess.run([TOP / "ci" / "lava-server"], text=True,
                              capture_output=True, timeout=1500)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"hypercall: (\d+) insn direct, \1 by "
                         r"LAVA\n")
        self.assertIn("on the virtual board", done.stdout)
