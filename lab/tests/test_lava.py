"""LAVA's forms: rendered from targets, held against LAVA's own schemas.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import re
import unittest
from pathlib import Path
from unittest import mock

import yaml

from support import InFolder, console, log
from apiary_lab import guests, lava, machine, paths, targets, watch, wiring
from apiary_lab.lava_log import Events, lava_name, parse
from apiary_lab.records import Console
from apiary_lab.status import LabError

BOARDS = ("rpi4", "juno-r2", "hikey", "rock-pi-4b", "zcu102", "imx8mm-evk",
          "pine64-plus")
WIRED = {"connect": "telnet 127.0.0.1 5001", "power_on": "on: 'x'",
         "power_off": "off", "hard_reset": "reset"}


def no_schemas() -> str:
    try:
        import lava_common.schemas      # noqa: F401
    except ImportError:
        return "lava_common is not here: ci/deps base lava"
    try:
        lava.types_folder()
    except LabError as error:
        return str(error)
    return ""


def images(target: targets.Target) -> lava.Images:
    """Files that are there, with nothing in them."""
    folder = paths.BUILD / "lab" / "test-lava"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / name for name in ("apiary.Image", "bundle", "b.dtb")]
    for path in made:
        path.touch()
    return lava.Images(made[0], made[1] if target.entry == "el2" else None,
                       dtb=made[2])


class Jobs(unittest.TestCase):
    def job(self, name: str, **options: str) -> dict:
        target = targets.load(name)
        return yaml.safe_load(lava.job(target, images(target), "j",
                                       **options))

    def test_board(self) -> None:
        job = self.job("rpi4")
        deploy, boot, test = (list(action.values())[0]
                              for action in job["actions"])
        self.assertEqual(job["device_type"], "bcm2711-rpi-4-b")
        self.assertEqual(deploy["to"], "tftp")
        self.assertEqual(Path(deploy["kernel"]["url"]).name,
                         "apiary.Image")
        self.assertIs(deploy["ramdisk"]["install_overlay"], False)
        self.assertIs(deploy["ramdisk"]["install_modules"], False)
        self.assertEqual(boot["commands"][-1],
                         "booti {KERNEL_ADDR} {RAMDISK_ADDR} {DTB_ADDR}")
        self.assertEqual(len(test["monitors"]), 1)

    def test_what_a_board_must_be_told_comes_first(self) -> None:
        self.assertEqual(self.job("hikey")["actions"][1]["boot"]["commands"]
                         [0], "usb start")

    def test_qemu_has_its_whole_command(self) -> None:
        target = targets.load("qemu-zcu102")
        job = self.job("qemu-zcu102")
        held = job["actions"][0]["deploy"]["images"]
        device = yaml.safe_load(lava.device(target, None, images(target)))
        qemu = device["actions"]["boot"]["methods"]["qemu"]["parameters"]
        words = [qemu["command"], *qemu["options"]]
        for name in ("kernel", "dtb", "initrd"):
            url, arg = held[name]["url"], held[name]["image_arg"]
            path = url.removeprefix("file://")
            words += arg.replace(f"{{{name}}}", path).split()
        ready = images(target)
        direct = target.command(ready.kernel, ready.initrd)
        self.assertEqual(sorted(words), sorted(direct))

    def test_elsewhere(self) -> None:
        job = self.job("rpi4", base_url="http://h/x/")
        self.assertEqual(job["actions"][0]["deploy"]["kernel"]["url"],
                         "http://h/x/apiary.Image")

    def test_pattern_takes_what_guests_print(self) -> None:
        text = log("bench") + log("pass") + log("fail")
        found = [match.groupdict() for match in
                 re.finditer(lava.PATTERN, text)]
        cases = sum((console(n).cases for n in ("bench", "pass", "fail")), [])
        self.assertEqual([(f["test_case_id"], f["result"]) for f in found],
                         [(c.name, c.result) for c in cases])
        for one, case in zip(found, cases):
            self.assertIsNotNone(one["units"])
            self.assertEqual(case.measurement, one["measurement"] and
                             float(one["measurement"]))

    def test_time_outs_leave_room_for_ours(self) -> None:
        target = targets.load("rpi4")
        held = lava.seconds(target)
        ours = sum(target.timeouts.values())
        self.assertGreater(held["boot"] + held["test"], ours)

    def test_a_board_takes_no_overrides(self) -> None:
        with self.assertRaisesRegex(LabError, "it has the smp that it has"):
            targets.load("rpi4", smp=2)

    def test_boards_are_short(self) -> None:
        for name in BOARDS:
            lines = (paths.TARGETS / f"{name}.yaml").read_text().splitlines()
            self.assertLessEqual(len(lines), 15, name)


class Schemas(unittest.TestCase):
    def setUp(self) -> None:
        if no_schemas():
            self.skipTest(no_schemas())

    def test_all_targets(self) -> None:
        seen = 0
        for name in targets.names():
            target = targets.load(name)
            # Where a file is not fetched or built, that is said elsewhere.
            if [text for text in target.missing() if "/" in text] and \
                    target.runner != "lava":
                continue
            for method in [""] + ["fvp"] * (target.runner == "fvp"):
                text = lava.job(target, images(target), "j", method)
                self.assertEqual(lava.check(text, lava.device(
                    target, WIRED, images(target))), [], (name, method))
                seen += 1
        self.assertGreater(seen, 12)

    def test_strict(self) -> None:
        target = targets.load("rpi4")
        text = lava.job(target, images(target), "j")
        device = lava.device(target, WIRED)
        for bad, wrong in (
                (text + "colour: blue\n", "colour"),
                (text.replace("method: u-boot", "method: magic"), "job: "),
                (text.replace("monitors:", "watchers:"), "job: "),
                ("a: [", "not YAML")):
            [found] = lava.check(bad, device)
            self.assertIn(wrong, found)
        [found] = lava.check(text, device.replace("constants:", "a:"))
        self.assertIn("device: ", found)

    def test_commands_survive_the_template(self) -> None:
        for name in BOARDS:
            device = yaml.safe_load(lava.device(targets.load(name), WIRED))
            self.assertEqual(device["commands"]["power_on"], "on: 'x'")
            self.assertEqual(device["commands"]["connect"],
                             WIRED["connect"])

    def test_addresses_are_known_to_the_device(self) -> None:
        """Else {KERNEL_ADDR} in the commands would stay as it is."""
        for name in BOARDS:
            device = yaml.safe_load(lava.device(targets.load(name), WIRED))
            self.assertEqual({"kernel", "ramdisk", "dtb"} &
                             set(device["parameters"]["booti"]),
                             {"kernel", "ramdisk", "dtb"}, name)


class Wiring(InFolder):
    def use(self, text: str) -> None:
        path = self.folder / "wiring.yaml"
        path.write_text(text)
        change = mock.patch.dict(os.environ, APIARY_WIRING=str(path))
        change.start()
        self.addCleanup(change.stop)

    def test_example(self) -> None:
        data = wiring.read(paths.LAB / "wiring.example.yaml")
        self.assertEqual(wiring.telnet_of(data["boards"]["rpi4"]),
                         ("127.0.0.1", 5001))

    def test_refused(self) -> None:
        for text, error in (
                ("a: [", "wiring.yaml"),
                ("[]", "wanted `boards:`"),
                ("boards: {rpi4: {connect: a}}", "wanted power_off, hard_r"),
                ("boards: {rpi4: {connect: 1}}", "connect: wanted str"),
                ("boards: {rpi4: {conect: a}}", "conect: wanted one of")):
            self.use(text)
            with self.assertRaisesRegex(LabError, error):
                wiring.of_board("rpi4")

    def test_unknown_board(self) -> None:
        self.use("boards: {}")
        with self.assertRaisesRegex(LabError, "says nothing of rpi4"):
            wiring.of_board("rpi4")

    def test_one_at_a_time(self) -> None:
        self.addCleanup(setattr, wiring, "LOCKS", wiring.LOCKS)
        wiring.LOCKS = self.folder
        with wiring.reserved("rpi4"):
            with self.assertRaisesRegex(
                    LabError, f"rpi4 is in use: process {os.getpid()} since"):
                with wiring.reserved("rpi4"):
                    pass
            with wiring.reserved("zcu102"):
                pass
        with wiring.reserved("rpi4"):
            pass


class Log(unittest.TestCase):
    """A job's log, line by line."""

    def events(self, *lines: object) -> Events:
        run = watch.Run([], Path("none"), Console())
        timeouts = dict.fromkeys(watch.STAGES, 1.0)
        found = Events(watch.Watch(timeouts, run,
                                   watch.Expect(1, True, board=True)))
        for level, text in lines:
            event = parse(json.dumps({"dt": "now", "lvl": level,
                                      "msg": text}))
            found.take(event)
        return found

    def test_not_an_event(self) -> None:
        for line in ("", "Traceback", "{", "- {lvl: strange}", "[]"):
            self.assertIsNone(parse(line))
        self.assertEqual(parse("- {lvl: info, msg: x}")["msg"], "x")

    def test_stages(self) -> None:
        steps = [("info", "start: 2.1 uboot-action (timeout x)"),
                 ("debug", "end: 2.1 reset-device (duration x)"),
                 ("target", "U-Boot 2023.01+dfsg (Feb)"),
                 ("target", "Starting kernel ..."),
                 ("target", "Apiary 0.1, entered at EL2"),
                 ("target", "vm a: start")]
        for count, stage in enumerate(
                ("power", "power", "firmware", "loader", "banner", "vm",
                 "guest")):
            self.assertEqual(self.events(*steps[:count]).watch.run.stage,
                             stage)
        self.assertEqual(self.events(*steps).loader, "U-Boot 2023.01+dfsg")

    def test_lava_and_console_must_agree(self) -> None:
        lines = [("target", line) for line in log("bench").splitlines()]
        events = self.events(*lines)
        results = [("results", {
            "case": lava_name(c.name), "definition": "0_apiary",
            "result": c.result,
            "units": c.units,
            **({"measurement": str(c.measurement)}
               if c.measurement is not None else {})})
            for c in events.watch.run.console.cases]
        self.assertEqual(self.events(*lines, *results).differs(), [])
        [wrong] = self.events(*lines, *results[1:]).differs()
        self.assertIn("LAVA has no result", wrong)

    def test_end(self) -> None:
        ended = ("results", {"definition": "lava", "case": "job",
                             "result": "fail", "error_msg": "no power",
                             "error_type": "Infrastructure"})
        found = self.events(ended)
        self.assertEqual((found.ended, found.said),
                         ("Infrastructure", "no power"))


class Retries(InFolder):
    """What the infrastructure spoiled is repeated as the target says."""

    def boot(self, retries: int, *logs: str) -> watch.Run:
        target = targets.load("qemu-virt-gicv3")
        target.data["retries"] = retries
        left = list(logs)

        def once(_target: object, _images: object, path: Path,
                 *_rest: object) -> watch.Run:
            path.write_text(log(left[0]))
            run = watch.Run([], path, console(left.pop(0)))
            watch.judge(run, watch.Expect(1, True), "LAVA")
            return run

        run = machine.boot(target, images(target), self.folder / "console.log",
                           watch.Expect(1, True), by=once)
        self.left = left
        return run

    def test_pass_after_a_retry_is_marked(self) -> None:
        run = self.boot(1, "corrupt", "pass")
        self.assertEqual(run.infrastructure, [])
        self.assertEqual(len(run.retried), 1)
        self.assertEqual(guests.summary(run)["retried"], run.retried)
        self.assertEqual((self.folder / "console-1.log").read_text(),
                         log("corrupt"))

    def test_no_more_than_said(self) -> None:
        run = self.boot(1, "corrupt", "corrupt", "pass")
        self.assertNotEqual(run.infrastructure, [])
        self.assertGreater(guests.summary(run)["corrupted"], 0)
        self.assertEqual(self.left, ["pass"])

    def test_a_failed_test_is_no_reason(self) -> None:
        self.boot(3, "fail", "pass")
        self.assertEqual(self.left, ["pass"])

    def test_a_panic_is_no_reason(self) -> None:
        self.boot(3, "panic", "pass")
        self.assertEqual(self.left, ["pass"])
