"""Revisions, their images, and the sizes of functions.

SPDX-License-Identifier: BSD-2-Clause
"""
import subprocess
import threading
from unittest import mock

from support import CROSS, InFolder
from toy import ToyTree
from apiary_lab import commits, paths
from apiary_lab.status import LabError

SOURCE = """\
\t.text
\t.global _start
_start:\tnop
\tnop
second:\tnop
\t.type third, %function
third:\tnop
\tnop
\tnop
\t.size third, . - third
fourth.part.0:\tnop
fourth:\tnop
\t.section .note
\t.weak code.c.1f
code.c.1f:\t.word 1, 2
\t.text
end:
"""


class FunctionSizes(InFolder):
    def sizes(self, text: str) -> dict[str, int]:
        source, elf = self.folder / "x.S", self.folder / "x.elf"
        source.write_text(text)
        subprocess.run([f"{CROSS}gcc", "-nostdlib", "-static", "-o", elf,
                        source], check=True)
        return commits.function_sizes(elf)

    def test_assembly_gives_no_sizes(self) -> None:
        sizes = self.sizes(SOURCE)
        self.assertEqual({name: sizes[name] for name in
                          ("_start", "second", "third", "fourth")},
                         {"_start": 8, "second": 4, "third": 12,
                          "fourth": 8})
        self.assertNotIn("code", sizes)     # a mark of link-time optimisation

    def test_changed(self) -> None:
        before = self.sizes(SOURCE)
        after = self.sizes(SOURCE.replace("second:\tnop", "second:")
                           .replace("end:", "\tnop\nend:"))
        self.assertEqual(commits.changed_functions(before, after),
                         [("fourth", 8, 12), ("second", 4, 0)])
        self.assertEqual(commits.changed_functions(before, before), [])

    def test_no_elf(self) -> None:
        with self.assertRaises(LabError):
            commits.function_sizes(self.folder / "none")


class Images(ToyTree):
    def setUp(self) -> None:
        super().setUp()
        self.use_build()
        before = paths.TOP
        self.addCleanup(setattr, paths, "TOP", before)
        paths.TOP = self.tree

    def test_two_who_want_the_same(self) -> None:
        """One builds, the other waits for it."""
        said: list[str] = []
        found: list[object] = []

        def build() -> None:
            found.append(commits.images(commits.resolve("HEAD"),
                                        said.append))
        threads = [threading.Thread(target=build) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(found)), 1)
        self.assertEqual(len(found), 3)
        self.assertEqual(sum("building" in text for text in said), 1)

    def test_what_a_killed_run_left(self) -> None:
        revision = commits.resolve("HEAD")
        folder = commits.images(revision, lambda _text: None)
        for path in (folder / "hypervisor").iterdir():
            path.unlink()
        stem = folder.name
        folder.rename(folder.with_name(f"{stem}.part"))
        self.git("worktree", "add", "-q", "--detach",
                 str(folder.with_name(f"{stem}.tree")), "HEAD")
        again = commits.images(revision, lambda _text: None)
        self.assertEqual(again, folder)
        self.assertTrue((folder / "hypervisor" / "apiary.elf").is_file())
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)

    def test_git_of_a_hook(self) -> None:
        """GIT_DIR of an outer git is not taken for ours."""
        with mock.patch.dict(
                "os.environ", {"GIT_DIR": str(self.folder),
                               "GIT_INDEX_FILE": "none"}):
            self.assertEqual(commits.resolve("HEAD").commit,
                             self.git("rev-parse", "HEAD"))

    def test_users_hooks_do_not_run(self) -> None:
        hook = self.tree / ".git" / "hooks" / "post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {self.folder}/ran\n")
        hook.chmod(0o755)
        commits.images(commits.resolve("HEAD"), lambda _text: None)
        self.assertFalse((self.folder / "ran").exists())
