"""The matrix: who runs where, each run once, each case answered from it.

SPDX-License-Identifier: BSD-2-Clause
"""
import threading
from unittest import mock

from support import InFolder, log, say
from apiary_lab import guests, paths, qemu, targets
from apiary_lab.status import LabError

MATRIX = """\
points:
  - {target: qemu-virt-gicv3, cpu: cortex-a72, smp: 1}
  - {target: qemu-virt-gicv2, cpu: cortex-a53, smp: 2, full: true}
guests:
  pair: {vms: [{vcpus: 1}, {vcpus: all, wfi: native}], smp: [2]}
  two: {gic: 2}
  old: {cpu: [cortex-a53]}
"""


class Matrix(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder / "matrix.yaml"
        self.path.write_text(MATRIX)
        before = guests.MATRIX
        self.addCleanup(setattr, guests, "MATRIX", before)

    def points(self, full: bool) -> list[tuple]:
        matrix = guests.read_matrix(self.path)
        with mock.patch.object(guests, "read_matrix", lambda: matrix):
            return [(p.guest, p.machine, [vm.vcpus for vm in p.vms])
                    for p in guests.points(
                        full, ["psci", "pair", "two", "old"])]

    def test_short(self) -> None:
        self.assertEqual(self.points(False), [
            ("psci", "qemu-virt-gicv3-cortex-a72-smp1", [1])])

    def test_full(self) -> None:
        machine = "qemu-virt-gicv2-cortex-a53-smp2"
        self.assertEqual(self.points(True)[1:], [
            ("psci", machine, [2]), ("pair", machine, [1, 2]),
            ("two", machine, [2]), ("old", machine, [2])])

    def test_optional(self) -> None:
        """Left out with a reason where it cannot run, and only then."""
        self.path.write_text(MATRIX.replace("smp: 1}",
                                            "smp: 1, optional: true}"))
        matrix = guests.read_matrix(self.path)
        for lacks in [], ["no such thing: make it"]:
            left_out: list[str] = []
            with mock.patch.object(guests, "read_matrix", lambda: matrix), \
                    mock.patch.object(targets.Target, "missing",
                                      lambda _: lacks):
                found = guests.points(False, ["psci"], left_out)
            self.assertEqual(len(found), 0 if lacks else 1)
            self.assertEqual(left_out, [f"qemu-virt-gicv3: {text}"
                                        for text in lacks])

    def test_the_real_one(self) -> None:
        matrix = guests.read_matrix()
        for point in matrix["points"]:
            targets.load(point["target"], point["cpu"], point["smp"])
        machines = {(p["target"], p["cpu"], p["smp"])
                    for p in matrix["points"]}
        self.assertEqual(len(machines), 35)
        self.assertEqual(len(matrix["points"]), 35)

    def test_refused(self) -> None:
        for old, new, error in (("smp: 1}", "smpp: 1}", "a point has"),
                                ("gic: 2", "gicc: 2", "a guest has"),
                                ("points:", "pts:", "wanted points")):
            self.path.write_text(MATRIX.replace(old, new))
            with self.assertRaisesRegex(LabError, error):
                guests.read_matrix(self.path)


class Outcomes(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.use_build()
        self.hypervisor(log("fail"))
        say(paths.GUESTS, log("pass"), name="psci")
        target = targets.load("qemu-virt-gicv3", smp=1)
        for stage in target.timeouts:
            target.timeouts[stage] = 1.5
        self.point = guests.arrange("psci", target, {"guests": {}})
        self.boots = 0
        boot = qemu.boot

        def counted(*words: object, **options: object) -> qemu.Run:
            self.boots += 1
            return boot(*words, **options)
        patch = mock.patch.object(qemu, "boot", counted)
        patch.start()
        self.addCleanup(patch.stop)

    def hypervisor(self, text: str, *flags: str) -> None:
        say(paths.HYPERVISOR_IMAGE.parent, text, *flags, name="apiary")

    def results(self, session: str) -> dict[str, str]:
        found = guests.outcome(self.point, session)
        return {name: case["result"] for name, case in found["cases"].items()}

    def test_cases(self) -> None:
        self.assertEqual(self.results("s"), {
            "psci.version": "pass", "psci.cpu_on": "fail",
            "psci.features": "pass"})

    def test_once_a_session(self) -> None:
        for session, boots in (("s", 1), ("s", 1), ("t", 2)):
            self.results(session)
            self.assertEqual(self.boots, boots)

    def test_once_for_many_that_ask_at_once(self) -> None:
        threads = [threading.Thread(target=self.results, args=("s",))
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.boots, 1)

    def test_again_when_the_hypervisor_changes(self) -> None:
        self.results("s")
        self.hypervisor(log("pass"))
        self.assertEqual(self.results("s")["psci.cpu_on"], "skip")

    def test_again_when_what_is_kept_was_cut(self) -> None:
        self.results("s")
        kept = self.point.folder / "outcome.json"
        kept.write_text(kept.read_text()[:50])
        self.results("s")
        self.assertEqual(self.boots, 2)

    def test_hang(self) -> None:
        self.hypervisor(log("hang"), "-DHANG")
        found = guests.outcome(self.point, "s")
        self.assertIn("hung in stage done", found["infrastructure"][0])
        self.assertEqual(list(found["cases"]), ["psci.version"])

    def test_the_worst_of_several_vms(self) -> None:
        point = guests.arrange("psci", self.point.target, {
            "guests": {"psci": {"vms": [{}, {}]}}})
        first = log("two-vms").replace("fp.switch RESULT=pass", "SWAP") \
            .replace("fp.switch RESULT=fail", "fp.switch RESULT=pass") \
            .replace("SWAP", "fp.switch RESULT=fail")
        for text, vm in ((log("two-vms"), "b"), (first, "a")):
            self.hypervisor(text)
            found = guests.outcome(point, "s")
            self.assertEqual(found["infrastructure"], [])
            case = found["cases"]["fp.switch"]
            self.assertEqual((case["result"], case["vm"]), ("fail", vm))

    def test_cases_are_asked_of_the_image_once(self) -> None:
        for _ in range(2):
            self.assertEqual(
                guests.cases_of("psci"),
                ["psci.version", "psci.cpu_on", "psci.features"])
            self.assertEqual(self.boots, 1)

    def test_an_image_that_lists_nothing(self) -> None:
        say(paths.GUESTS, "hello\n", name="mute")
        with self.assertRaisesRegex(LabError, "mute does not list"):
            guests.cases_of("mute")

    def test_give_up(self) -> None:
        self.point.folder.mkdir(parents=True)
        guests.give_up(self.point, "s", "no power")
        self.assertEqual(guests.outcome(self.point, "s")["infrastructure"],
                         ["no power"])
        self.assertEqual(self.boots, 0)
