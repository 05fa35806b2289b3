"""A tree small enough to be built and measured in a moment: the lab of this
one, a hypervisor of two functions, a machine that prints what the image says.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from support import CROSS, HERE, TOP, InFolder

MAKEFILE = """\
BUILD ?= build
hypervisor:
\tmkdir -p $(BUILD)/hypervisor
\t@CROSS@gcc -g -O1 -nostdlib -static -Wl,-e,hot \\
\t    -o $(BUILD)/hypervisor/apiary.elf hypervisor.c
\tcp figures.json $(BUILD)/hypervisor/apiary.Image
bench-guests:
\tmkdir -p $(BUILD)/bench
\techo guest > $(BUILD)/bench/toy.Image
"""
TARGET = """\
description: "a toy"
runner: qemu
entry: el2
deterministic: @DETERMINISTIC@
gic: 3
cpu: cortex-a72
smp: 1
memory: 512M
timeouts: {banner: 3, vm: 3, guest: 3, done: 3, power-off: 3}
qemu:
  program: @PROGRAM@
  machine: virt
  args: [@ARGS@]
"""
SOURCE = """\
int hot(int x) { @BODY@ return x; }
int cold(int x) { return x * 3; }
"""
HYPERCALL, SWITCH = [58] * 9 + [107], [390] * 10


class ToyTree(InFolder):
    """A test with a git repository of such a tree, one commit in it."""

    def setUp(self) -> None:
        super().setUp()
        self.tree = self.folder / "tree"
        lab = self.tree / "lab"
        shutil.copytree(TOP / "lab" / "apiary_lab", lab / "apiary_lab",
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TOP / "lab" / "apiary", lab)
        (lab / "targets").mkdir()
        shutil.copy(TOP / "lab" / "targets" / "schema.json",
                    lab / "targets")
        self.machine = self.folder / "toy-machine"
        shutil.copy(HERE / "toy-machine", self.machine)
        self.target("qemu-virt-gicv3", "true", "-icount")
        self.target("board", "false", "-noise, '1.5'")
        for name, text in (
                ("Makefile", MAKEFILE.replace("@CROSS@", CROSS)),
                (".gitignore", "/build/\n__pycache__/\n/results/runs/\n"),
                ("bench/bundles.yaml",
                 "- {name: toy, vms: [{guest: toy}]}\n")):
            self.write(name, text)
        (self.tree / "results").mkdir()
        shutil.copy(TOP / "results" / "schema.json", self.tree / "results")
        self.git("init", "-q", "-b", "trunk")
        self.commit("one")

    def write(self, name: str, text: str) -> None:
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def target(self, name: str, deterministic: str, args: str) -> None:
        text = TARGET.replace("@DETERMINISTIC@", deterministic) \
            .replace("@PROGRAM@", str(self.machine)).replace("@ARGS@", args)
        self.write(f"lab/targets/{name}.yaml", text)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@t",
               "-c", "commit.gpgsign=false")
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("GIT_")}
        return subprocess.run(["git", *who, *words], cwd=self.tree,
                              env=environment, check=True,
                              capture_output=True, text=True).stdout.strip()

    def figures(self, **changes: Any) -> None:
        """The sources: the toy's figures, with these changed; `raw` for
        another image altogether."""
        image = {"figures": {"hypercall": HYPERCALL, "world_switch": SWITCH}}
        image["figures"] |= {name: value for name, value in changes.items()
                             if isinstance(value, list)}
        self.write("figures.json", json.dumps(changes.get("raw", image)))

    def commit(self, message: str, body: str = "", **changes: Any) -> str:
        """A commit with these figures, and this in the function `hot`."""
        self.figures(**changes)
        self.write("hypervisor.c", SOURCE.replace("@BODY@", body))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def toy(self, *words: object, **options: object) \
            -> subprocess.CompletedProcess:
        """The tree's own apiary."""
        environment = {key: value for key, value in os.environ.items()
                       if key != "BUILD"}
        return subprocess.run(
            [self.tree / "lab" / "apiary", *map(str, words)], text=True,
            capture_output=True, env=environment, timeout=120,
            cwd=self.tree, stdin=subprocess.DEVNULL, **options)

    def make(self) -> None:
        subprocess.run(["make", "-s", "hypervisor", "bench-guests"],
                       cwd=self.tree, check=True, capture_output=True)

    def runs(self, config: str = "qemu-virt-gicv3") -> list[Path]:
        """The results that are stored."""
        return sorted((self.tree / "results" / "runs" / config)
                      .glob("*.json"))

    def nothing_left(self) -> None:
        """No worktree, no half-made images."""
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        home = self.tree / "build" / "commits"
        self.assertEqual([path for path in home.glob("*")
                          if path.suffix in (".tree", ".part")], [])
