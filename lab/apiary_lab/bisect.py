"""Finds the commit that moved a figure; git bisect chooses what to measure.

It runs in a worktree of its own without files (git keeps the state of a
bisection by worktree), so the user's tree and any bisection under way there
are left alone. Must not know how a commit is measured.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import commits, paths
from .status import LabError, NotEnoughData


@dataclass
class Step:
    """One commit that was tried: its figure, or why there is none."""

    commit: str
    word: str               # good, bad, skip
    value: float | None = None
    why: str = ""


@dataclass
class Outcome:
    """What a bisection came to."""

    commit: str             # "" if it is one of `candidates`
    steps: list[Step] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)


class NoFigure(LabError):
    """This commit cannot be measured, or has no such benchmark."""


@dataclass
class Range:
    """How a figure is told good from bad."""

    good: float
    bad: float
    threshold: float | None     # percent worse than good; None: half-way

    @property
    def limit(self) -> float:
        if self.threshold is None:
            return (self.good + self.bad) / 2
        sign = 1 if self.bad >= self.good else -1
        return self.good + sign * abs(self.good) * self.threshold / 100

    def check(self) -> None:
        if self.good == self.bad or \
                self.word(self.good) == self.word(self.bad):
            what = "the same" if self.good == self.bad else \
                f"within {self.threshold:g} %"
            raise NotEnoughData(
                f"the figure is {what} at both ends ({self.good:g} and "
                f"{self.bad:g}): there is nothing to find")

    def word(self, value: float) -> str:
        if self.bad >= self.good:
            return "bad" if value > self.limit else "good"
        return "bad" if value < self.limit else "good"


def _next(tree: Path, *words: str) -> tuple[str, list[str]]:
    """Tells git, and learns which commit is next ("": none), or which the
    answer is: one, or several that could not be told apart."""
    done = commits.git("bisect", *words, cwd=tree)
    said = done.stdout + done.stderr
    if found := re.search(r"^([0-9a-f]{40,}) is the first bad commit", said,
                          re.M):
        return "", [found.group(1)]
    if "only 'skip'ped commits left" in said or \
            "There are only 'skip'ped" in said:
        left = re.findall(r"^([0-9a-f]{40,})$", said, re.M)
        return "", left
    if done.returncode:
        line = [text for text in said.splitlines() if text.strip()]
        raise LabError("git bisect: " + (" ".join(line) or "failed"))
    head = commits.git("rev-parse", "--verify", "BISECT_HEAD", cwd=tree)
    if head.returncode:
        raise LabError(f"git bisect: {said.strip()}")
    return head.stdout.strip(), []


def run(good: commits.Revision, bad: commits.Revision, range_: Range,
        value_of: Callable[[str], float],
        say: Callable[[Step], None]) -> Outcome:
    """The first commit whose figure is on the bad side."""
    if good.commit == bad.commit:
        raise LabError(f"{good.name} and {bad.name} are the same commit")
    if commits.git("merge-base", "--is-ancestor", bad.commit,
                   good.commit).returncode == 0:
        raise LabError(f"{bad.name} (bad) comes before {good.name} (good): "
                       f"are they the other way round?")
    range_.check()
    outcome = Outcome("")
    tree = paths.BUILD / "commits" / "bisect.tree"
    with commits.locked(tree.with_suffix(".lock")), \
            commits.worktree(bad.commit, tree, "--no-checkout"):
        commit, answer = _next(tree, "start", "--no-checkout", bad.commit,
                               good.commit)
        while not answer:
            step = _try(commit, range_, value_of)
            outcome.steps.append(step)
            say(step)
            commit, answer = _next(tree, step.word)
    if len(answer) == 1:
        outcome.commit = answer[0]
    else:
        outcome.candidates = answer
    return outcome


def _try(commit: str, range_: Range,
         value_of: Callable[[str], float]) -> Step:
    try:
        value = value_of(commit)
    except (NoFigure, commits.BuildFailed) as error:
        return Step(commit, "skip", why=str(error))
    return Step(commit, range_.word(value), value)
