"""Synthetic proof: three instructions are added to the real world switch,
in one of twelve commits, and every command that judges must say so.

The real hypervisor is built and booted; only the bundles are fewer.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import re
import shutil
import subprocess
import unittest

from support import TOP, InFolder
from apiary_lab import paths

COMMITS, CULPRIT, ADDED = 12, 8, 3
BUNDLES = """\
- name: exits
  vms: [{guest: bench, wfi: native, append: "ops=baseline,hypercall,vsgi"}]
- name: switch
  vms:
    - {guest: bench, cpus: [0], append: "ops=world_switch"}
    - {guest: bench, cpus: [0], append: "peer=world_switch"}
"""
SWITCH = "hypervisor/arch/aarch64/switch.S"
# A commit of no effect: another function where none runs, so that addresses
# move and the image is another one.
COLD = """

int
string_cold_{n}(int x)
{{
\treturn (x * {n});
}}
"""


class Proof(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.tree = self.folder / "tree"
        shutil.copytree(TOP, self.tree, symlinks=True,
                        ignore=lambda folder, names: {
                            name for name in names if name in
                            ("build", ".git", "__pycache__", "runs")})
        (self.tree / "build").mkdir()
        (self.tree / "build" / "deps").symlink_to(paths.BUILD / "deps")
        (self.tree / "bench" / "bundles.yaml").write_text(BUNDLES)
        shutil.rmtree(self.tree / "results" / "lock", ignore_errors=True)
        self.git("init", "-q", "-b", "trunk")
        self.made = [self.commit("start")]
        for n in range(1, COMMITS):
            if n == CULPRIT:
                self.edit(SWITCH, "\nswitch_save_el1:\n",
                          "\nswitch_save_el1:\n" + "\tnop\n" * ADDED)
            else:
                for name, text in (("h", f"int string_cold_{n}(int x);\n"),
                                   ("c", COLD.format(n=n))):
                    path = self.tree / f"hypervisor/lib/string.{name}"
                    path.write_text(path.read_text() + text)
            self.made.append(self.commit(f"commit {n}"))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.tree / name
        head, found, tail = path.read_text().rpartition(old)
        self.assertTrue(found, f"{name} has no {old!r}")
        path.write_text(head + new + tail)

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c",
             "commit.gpgsign=false", *words], cwd=self.tree, check=True,
            capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def here(self, *words: object, build: object = None) \
            -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items()
                       if key != "BUILD"}
        if build is not None:
            environment["BUILD"] = str(build)
        return subprocess.run(
            [self.tree / "lab" / "apiary", *map(str, words)], text=True,
            capture_output=True, env=environment, cwd=self.tree,
            stdin=subprocess.DEVNULL)

    def images(self, commit: str) -> object:
        folder, = (self.tree / "build" / "commits").glob(f"{commit[:12]}-*/")
        return folder

    def test_three_instructions_are_found(self) -> None:
        first, last = self.made[0], self.made[-1]
        # Unrelated to the world switch, and in another image: no change.
        done = self.here("compare", "--json", first, last)
        self.assertEqual(done.returncode, 1, done)
        found = {row["name"]: row for row in
                 json.loads(done.stdout)["figures"] if row["unit"] == "insn"}
        self.assertEqual({name for name, row in found.items()
                          if row["verdict"] != "same"}, {"world_switch"})
        self.assertEqual((found["world_switch"]["verdict"],
                          found["world_switch"]["delta"]), ("slower", ADDED))
        self.assertIn(["switch_save_el1", ADDED * 4],
                      [[name, after - before] for name, before, after
                       in json.loads(done.stdout)["functions"]])

        done = self.here("history", "--json")
        changes = {name: steps for name, steps
                   in json.loads(done.stdout)["figures"].items() if steps}
        step, = changes.pop("world_switch")
        self.assertEqual((step["commit"], step["after"] - step["before"]),
                         (last, ADDED))
        self.assertEqual(changes, {})
        done = self.here("explain", "--json", "world_switch", first, last)
        self.assertEqual(done.returncode, 0, done)
        row, = json.loads(done.stdout)["functions"]
        self.assertEqual((row["function"], row["head"] - row["base"]),
                         ("switch_save_el1", ADDED))

        words = ("--target", "qemu-virt-gicv3")
        done = self.here("lock", *words, build=self.images(first))
        self.assertEqual(done.returncode, 0, done)
        done = self.here("lock-check", *words, build=self.images(first))
        self.assertEqual(done.returncode, 0, done)
        done = self.here("lock-check", *words, build=self.images(last))
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, rf"world_switch .* \+{ADDED} .*slower")
        self.assertRegex(done.stdout, rf"switch_save_el1 .*\+{ADDED * 4}\n")
        self.assertNotRegex(done.stdout, "(hypercall|vsgi|baseline) .*insn")
        self.no_false_alarm(first)

    @unittest.skipUnless(os.environ.get("APIARY_FULL"),
                         "builds six hypervisors: make test-full")
    def test_the_commit_is_found(self) -> None:
        done = self.here("bisect", "--bench", "world_switch", "--good",
                         self.made[0], "--bad", self.made[-1])
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, rf"{self.made[CULPRIT]} moved "
                         rf"world_switch: (\d+) -> \d+ insn \(\+{ADDED}\)")
        listed = re.findall(r"^  (\w+) +\d+ -> \d+ +(\S+)$", done.stdout,
                            re.M)
        self.assertEqual(listed, [("switch_save_el1", f"+{ADDED * 4}")])
        self.assertRegex(done.stdout, r"the path of world_switch: \d+ -> \d+ "
                         rf"instructions \(\+{ADDED}\)\n  switch_save_el1 ")

    def no_false_alarm(self, commit: str) -> None:
        """Twenty comparisons of what is the same."""
        done = self.here("bench", "exits", "--runs", 21, "--json",
                         build=self.images(commit))
        self.assertEqual(done.returncode, 0, done)
        result = json.loads(done.stdout)
        self.assertEqual((result["runs"], result["varied"]), (21, []))
