"""Self-tests of ci/deps: it lists, refuses clearly, and is quick.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

DEPS = Path(__file__).resolve().parent.parent / "deps"
ROW = "base\tno-such-package\tno-such-command\tto be missed\n"


class Deps(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        (self.folder / "list").write_text(ROW)
        done = self.folder / "build" / "deps" / "libfdt"
        archive = done / "usr/lib/aarch64-linux-gnu/libfdt.a"
        archive.parent.mkdir(parents=True)
        archive.write_text("x")
        (done / ".complete").touch()
        self.complete = done / ".complete"

    def deps(self, *words: str, **variables: str) \
            -> subprocess.CompletedProcess:
        return subprocess.run(
            [DEPS, *words], capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "BUILD":
                 str(self.folder / "build"), "DEPS_LIST":
                 str(self.folder / "list")} | variables)

    def test_lists_what_and_why(self) -> None:
        done = self.deps(NO_INSTALL="1")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "no-such-package +to be missed")
        self.assertIn("nothing installed", done.stderr)

    def test_other_sets_are_left_alone(self) -> None:
        self.assertEqual(self.deps("lint", NO_INSTALL="1").returncode, 0)

    def test_libfdt_half_unpacked_is_missing(self) -> None:
        self.complete.unlink()
        done = self.deps("lint", NO_INSTALL="1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("libfdt-dev:arm64", done.stdout)

    def test_nothing_to_do_is_quick_and_silent(self) -> None:
        (self.folder / "list").write_text(
            "base\tbash\tbash\tthis\nbase\tetc\t/etc\tthat\n")
        start = time.monotonic()
        done = self.deps()
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))
        self.assertLess(time.monotonic() - start, 1)

    def test_no_root_and_no_sudo(self) -> None:
        """As a user whose PATH has no sudo."""
        tools = self.folder / "bin"
        tools.mkdir()
        for name in ("bash", "dirname", "dpkg-deb", "env"):
            found = subprocess.run(["which", name], capture_output=True,
                                   text=True).stdout.strip()
            (tools / name).symlink_to(found)
        fake = tools / "id"
        fake.write_text("#!/bin/bash\necho 1000\n")
        fake.chmod(0o755)
        done = self.deps(PATH=str(tools))
        self.assertEqual(done.returncode, 1)
        self.assertIn("not root and no sudo; as root, run:", done.stderr)
        self.assertIn("apt-get install --no-install-recommends "
                      "no-such-package", done.stderr)

    def test_broken_list(self) -> None:
        (self.folder / "list").write_text("base\tx\n")
        done = self.deps(NO_INSTALL="1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("four columns wanted", done.stderr)
