"""The sub-commands that judge: compare, bisect, lock, lock-check.

Arguments in, text and exit status out, as in cli.py. Must not know how
anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
from collections.abc import Callable
from typing import Any

from . import account, bisect, cli_explain, commits, lock, measure, paths, \
    store, targets, verdict
from .status import GOOD, NOT_ENOUGH_DATA, TEST_FAILED, LabError, \
    NotEnoughData, no_such
from .terminal import emit, progress, warn

_SHOWN_FUNCTIONS = 12
_LOCK_SIDES = ("locked", "now")


def _target(args: argparse.Namespace) -> targets.Target:
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    if target.entry != "el2":
        raise LabError(f"{target.name} has no hypervisor to measure")
    if target.missing():
        raise LabError(f"{target.name}: {'; '.join(target.missing())}")
    return target


def _functions(changed: list[tuple[str, int, int]]) -> list[str]:
    """Lines about functions whose size is another one."""
    if not changed:
        return ["no function changed its size"]
    out = ["functions that changed their size, in bytes:"]
    for name, before, after in changed[:_SHOWN_FUNCTIONS]:
        how = "new" if not before else "gone" if not after else \
            f"{after - before:+d}"
        out.append(f"  {name:<32} {before:>6} -> {after:<6} {how}")
    if len(changed) > _SHOWN_FUNCTIONS:
        out.append(f"  and {len(changed) - _SHOWN_FUNCTIONS} others")
    return out


def _changed(base: measure.Side,
             head: measure.Side) -> list[tuple[str, int, int]] | None:
    if base.folder is None or head.folder is None:
        return None
    one, two = (commits.function_sizes(
        side.folder / "hypervisor" / "apiary.elf") for side in (base, head))
    return commits.changed_functions(one, two)


# -- compare --------------------------------------------------------------

def _no_verdict(base: measure.Side, head: measure.Side) -> list[str]:
    found = {text for one in base.runs for two in head.runs[:1]
             for text in measure.differences(one, two)}
    return sorted(found)


def cmd_compare(args: argparse.Namespace) -> int:
    target = _target(args)
    base = measure.side(args.base, progress)
    head = measure.side(args.head, progress)
    measure.gather(base, head, target, args.boots, progress, warn)
    differences = _no_verdict(base, head)
    rows = verdict.rows(base.runs, head.runs, args.threshold)
    refused = bool(differences) and not args.anyway
    if refused:
        verdict.withhold(rows)
    status = NOT_ENOUGH_DATA if refused else verdict.status(rows)
    if head.failed and status != NOT_ENOUGH_DATA or base.failed and \
            status == GOOD:
        status = TEST_FAILED
    moved = [row for row in rows if row.verdict not in (verdict.SAME, "-")]
    changed = _changed(base, head) if moved else None
    if args.json:
        emit({"status": status, "target": target.config(),
              "base": _side_json(base), "head": _side_json(head),
              "differences": differences, "figures": verdict.as_json(rows),
              "functions": changed})
        return status
    notes = [f"{row.name}: {row.note}" for row in rows if row.note]
    notes += [f"differs: {text}" for text in differences]
    if refused:
        notes.append("no verdict across different machines or tools; "
                     "--anyway gives one all the same")
    if changed is not None:
        notes += _functions(changed)
    print(_markdown(base, head, target, rows, notes) if args.markdown else
          "\n".join([*_heads(base, head, target), "", verdict.text(rows), "",
                     *notes, verdict.summary(rows)]))
    return status


def _side_json(side: measure.Side) -> dict[str, Any]:
    return {"name": side.name, "label": side.label, "runs": len(side.runs),
            "commit": side.runs[0]["commit"],
            "dirty": side.runs[0]["dirty"], "failed": side.failed,
            "times": [run["time"] for run in side.runs]}


def _heads(base: measure.Side, head: measure.Side,
           target: targets.Target) -> list[str]:
    """What is compared, a line each within the width of the table."""
    out = []
    for word, side in (("base", base), ("head", head)):
        what = "" if side.revision is None else \
            commits.subject(side.revision.commit)
        if side.revision is not None and side.revision.dirty:
            what = "changes on top of " + what
        boots = "" if len(side.runs) == 1 else f", {len(side.runs)} boots"
        out.append(f"{word}  {side.label} ({side.name}{boots})  {what}"
                   [:verdict.WIDTH].rstrip())
    run = head.runs[0]
    out.append(f"on    {target.config()}, {run['emulator']}"
               [:verdict.WIDTH])
    out.append(f"with  {run['toolchain']['compiler']}"[:verdict.WIDTH])
    return out


def _markdown(base: measure.Side, head: measure.Side,
              target: targets.Target, rows: list[verdict.Row],
              notes: list[str]) -> str:
    return "\n".join([f"**{verdict.summary(rows)}**", "",
                      *(f"    {line}" for line in
                        _heads(base, head, target)), "",
                      verdict.markdown(rows), "",
                      *(f"    {note}" for note in notes)]).rstrip()


# -- bisect ---------------------------------------------------------------

class _Figures:
    """The figure of one benchmark at any commit."""

    def __init__(self, name: str, target: targets.Target,
                 boots: int) -> None:
        self.name, self.target = name, target
        self.boots = 1 if target.data["deterministic"] else boots
        self.known: dict[str, list[dict[str, Any]]] = {}

    def runs(self, revision: commits.Revision) -> list[dict[str, Any]]:
        if revision.commit not in self.known:
            side = measure.Side(revision.name, revision.label, revision,
                                commits.images(revision, progress))
            runs = measure.recorded(side, self.target, warn)[-self.boots:]
            while len(runs) < self.boots:
                runs.append(measure.measure(side, self.target, progress))
            self.known[revision.commit] = runs
        return self.known[revision.commit]

    def names(self, revision: commits.Revision) -> list[str]:
        return list(self.runs(revision)[0]["benchmarks"])

    def value(self, commit: str) -> float:
        revision = commits.Revision(commit[:12], commit)
        try:
            rows = verdict.rows(self.runs(revision), self.runs(revision))
        except measure.RunFailed as error:
            raise bisect.NoFigure(str(error)) from None
        for row in rows:
            if row.name == self.name:
                return row.head
        raise bisect.NoFigure(f"{commit[:12]} has no {self.name}")


def cmd_bisect(args: argparse.Namespace) -> int:
    target = _target(args)
    good, bad = commits.resolve(args.good), commits.resolve(args.bad)
    figures = _Figures(args.bench, target, args.boots)
    for revision in (bad, good):
        names = figures.names(revision)
        if args.bench not in names:
            raise LabError(f"{revision.name}: "
                           + no_such("benchmark", args.bench, names))
    range_ = bisect.Range(figures.value(good.commit),
                          figures.value(bad.commit), args.threshold)
    _refuse_noise(figures, good, bad)

    def say(step: bisect.Step) -> None:
        if not args.json:
            print(f"{step.word:5} {step.commit[:12]}  "
                  f"{verdict.number(step.value):>9}  "
                  f"{step.why.splitlines()[0] if step.why else ''}"
                  f"{commits.subject(step.commit) if not step.why else ''}"
                  .rstrip()[:verdict.WIDTH], flush=True)

    found = bisect.run(good, bad, range_, figures.value, say)
    steps = [step.__dict__ for step in found.steps]
    if not found.commit:
        if args.json:
            emit({"status": NOT_ENOUGH_DATA, "commit": None,
                  "candidates": found.candidates, "steps": steps})
            return NOT_ENOUGH_DATA
        raise NotEnoughData(
            "what lies between could not be measured; it is one of\n"
            + "\n".join(f"  {commit[:12]}  {commits.subject(commit)}"
                        for commit in found.candidates))
    return _tell(args, figures, range_, found.commit, steps)


def _refuse_noise(figures: _Figures, good: commits.Revision,
                  bad: commits.Revision) -> None:
    if figures.target.data["deterministic"]:
        return
    rows = verdict.rows(figures.runs(good), figures.runs(bad))
    row = next(row for row in rows if row.name == figures.name)
    if row.verdict not in (verdict.SLOWER, verdict.FASTER):
        raise NotEnoughData(
            f"{figures.name}: {verdict.number(row.base)} and "
            f"{verdict.number(row.head)} {row.unit} cannot be told apart "
            f"(p = {row.p if row.p is not None else '-'}; {row.note}): there "
            f"is nothing to find")


def _tell(args: argparse.Namespace, figures: _Figures, range_: bisect.Range,
          commit: str, steps: list[dict[str, Any]]) -> int:
    """The commit, what it did to the figure, and to which functions."""
    parent = commits.git("rev-parse", "--verify", "--quiet",
                         commit + "^").stdout.strip()
    this = commits.Revision(commit[:12], commit)
    value = figures.value(commit)
    before = changed = None
    if parent:
        try:
            before = figures.value(parent)
            old = commits.Revision(parent[:12], parent)
            changed = commits.changed_functions(*(
                commits.function_sizes(commits.images(revision, progress)
                                       / "hypervisor" / "apiary.elf")
                for revision in (old, this)))
        except (bisect.NoFigure, commits.BuildFailed):
            pass        # the delta is then that of the ends
    delta = value - (range_.good if before is None else before)
    if args.json:
        emit({"status": GOOD, "commit": commit, "parent": parent or None,
              "before": before, "value": value, "delta": delta,
              "subject": commits.subject(commit), "steps": steps,
              "good": range_.good, "bad": range_.bad, "functions": changed})
        return GOOD
    unit = figures.runs(this)[0]["benchmarks"][figures.name]["units"]
    print(f"\n{commit} moved {figures.name}: "
          f"{verdict.number(range_.good if before is None else before)} -> "
          f"{verdict.number(value)} {unit} ({'+' if delta >= 0 else ''}"
          f"{verdict.number(delta)})\n  {commits.subject(commit)}")
    if before is None:
        print("  (the commit before it could not be measured: that is "
              "beside the good one)")
    if delta != range_.bad - range_.good:
        print(f"  of {range_.bad - range_.good:+g} in all; the rest is in "
              f"other commits")
    if changed is not None:
        print("\n".join(_functions(changed)))
        if unit == "insn":
            _tell_path(figures, old, this)
    return GOOD


def _tell_path(figures: _Figures, old: commits.Revision,
               this: commits.Revision) -> None:
    """Which functions of the figure's path the commit changed."""
    if not figures.target.data["deterministic"]:
        return
    try:
        found = [cli_explain.path_of(commits.images(revision, progress),
                                     figures.name, figures.target)
                 for revision in (old, this)]
    except LabError as error:
        warn(str(error))
        return
    print("\n".join(account.difference(*found)))


# -- lock -----------------------------------------------------------------

def _wanted(args: argparse.Namespace) -> list[targets.Target]:
    names = [args.target] if args.target else lock.configs()
    if not names:
        raise LabError(f"no target has a lock yet: make lock "
                       f"TARGET={targets.DEFAULT}")
    return [targets.load(name) for name in names]


def cmd_lock(args: argparse.Namespace) -> int:
    """All locks are written, or none: they share the functions' sizes."""
    names = sorted({*lock.configs(), *([args.target] if args.target else
                                       [])} or {targets.DEFAULT})
    made = [(target, *lock.make(target, progress))
            for target in (targets.load(name) for name in names)]
    out = {}
    for target, result, text in made:
        path = lock.path_of(target.config())
        moved: list[verdict.Row] = []
        if path.is_file():
            try:
                rows = lock.compare(lock.read(target.config()),
                                    result["benchmarks"], 0.0)
                moved = [row for row in rows if row.verdict != verdict.SAME]
            except LabError as error:
                warn(str(error))        # it is written anew
        store.write_text(path, text)
        out[target.config()] = verdict.as_json(moved)
        if not args.json:
            print(f"{paths.shown(path)}: {len(result['benchmarks'])} costs, "
                  f"{len(moved)} changed")
            if moved:
                print(verdict.text(moved, _LOCK_SIDES))
    store.write_text(lock.functions_path(), "".join(
        f"{name} {size}\n" for name, size in
        sorted(lock.functions_now().items())))
    if args.json:
        emit({"status": GOOD, "changed": out})
    return GOOD


def cmd_lock_check(args: argparse.Namespace) -> int:
    checks = [lock.check(target, progress) for target in _wanted(args)]
    status = max(check.status for check in checks)
    changed = commits.changed_functions(
        lock.read_functions(), lock.functions_now()) \
        if any(check.differing for check in checks) else []
    if args.json:
        emit({"status": status, "functions": changed, "targets": {
            check.config: {
                "status": check.status, "tools": check.tools,
                "failed": check.failed,
                "infrastructure": check.infrastructure,
                "differing": verdict.as_json(check.differing)}
            for check in checks}})
        return status
    for check in checks:
        _print_check(check)
    if any(check.differing for check in checks):
        print("\n".join(_functions(changed)))
        print("if this is meant: make lock, and commit results/lock/ with "
              "the change")
    return status


def _print_check(check: lock.Check) -> None:
    for text in check.infrastructure:
        warn(text)
    for text in check.failed:
        warn(f"failed or skipped: {text}")
    for text in check.tools:
        print(f"{check.config}: {text}")
    if check.tools:
        print(f"{check.config}: compared within {lock.TOLERANCE:g} %")
    if check.differing:
        print(f"{check.config}: {len(check.differing)} of "
              f"{len(check.rows)} costs are not those of "
              f"{paths.shown(lock.path_of(check.config))}\n"
              f"{verdict.text(check.differing, _LOCK_SIDES)}")
        for row in check.differing:
            if row.note:
                print(f"  {row.name}: {row.note}")
    elif not check.infrastructure:
        print(f"{check.config}: {len(check.rows)} costs as locked")


# -- arguments ------------------------------------------------------------

def _percent(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1000:
        raise argparse.ArgumentTypeError(f"{text}: wanted percent, 0 or more")
    return value


def _boots(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text}: wanted 1 to 1000")
    return value


def register(command: Callable[..., argparse.ArgumentParser],
             target_options: Callable[..., None]) -> None:
    """Adds the sub-commands to the parser of cli.py."""
    sub = command("compare", cmd_compare, "what a change did to every "
                  "figure: a verdict each")
    sub.add_argument("base", metavar="BASE", help="a revision, or the file "
                     "of a result")
    sub.add_argument("head", metavar="HEAD", nargs="?", help="the same "
                     "(default: the working tree as it is)")
    sub.add_argument("--threshold", type=_percent, default=0.0, metavar="P",
                     help="status 1 only for what is slower by more than P "
                     "percent")
    sub.add_argument("--anyway", action="store_true", help="a verdict even "
                     "where machines or tools differ")
    sub.add_argument("--markdown", action="store_true",
                     help="for a merge request")
    _boots_option(sub)
    target_options(sub)
    sub = command("bisect", cmd_bisect, "the commit that moved a figure")
    sub.add_argument("--bench", required=True, metavar="NAME",
                     help="a figure of `apiary bench`: world_switch")
    sub.add_argument("--good", required=True, metavar="R")
    sub.add_argument("--bad", required=True, metavar="R")
    sub.add_argument("--threshold", type=_percent, metavar="P",
                     help="bad is what is worse than good by more than P "
                     "percent (default: nearer to bad than to good)")
    _boots_option(sub)
    target_options(sub)
    for name, function, text in (
            ("lock", cmd_lock, "write what every operation costs into "
             "results/lock/"),
            ("lock-check", cmd_lock_check, "hold what every operation costs "
             "against results/lock/")):
        sub = command(name, function, text)
        sub.add_argument("--target", metavar="T", help="a target that is "
                         "deterministic (default: all that have a lock)")


def _boots_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--boots", type=_boots, default=verdict.MIN_BOOTS,
                        metavar="N", help="boots a side, where the target "
                        "is not deterministic (default: %(default)s)")
