"""The record parser, on console logs good and damaged.

SPDX-License-Identifier: BSD-2-Clause
"""
import unittest
import zlib

from support import console, log
from apiary_lab.records import Console, Histogram


def hist(body: str) -> str:
    return f"<APIARY_HIST {body} CRC={zlib.crc32(body.encode()):08x}>"


class Cases(unittest.TestCase):
    def test_pass(self) -> None:
        found = console("pass")
        self.assertEqual([(c.name, c.result) for c in found.cases],
                         [("psci.version", "pass"), ("psci.cpu_on", "skip"),
                          ("psci.features", "pass")])
        self.assertEqual(found.infrastructure(), [])
        self.assertEqual(found.failed(), [])
        self.assertTrue(found.banner.startswith("Apiary 0.1"))
        self.assertEqual(found.vm_started, ["a"])
        self.assertTrue(found.all_off)

    def test_fail_keeps_the_reason(self) -> None:
        failed = console("fail").failed()
        self.assertEqual([c.name for c in failed], ["psci.cpu_on"])
        self.assertEqual(failed[0].detail,
                         ["psci.c:41: CPU_ON: want 0 have -2"])

    def test_two_vms_are_told_apart(self) -> None:
        found = console("two-vms")
        self.assertEqual(found.infrastructure(), [])
        self.assertEqual([(c.vm, c.name) for c in found.failed()],
                         [("b", "fp.switch")])
        self.assertEqual(found.failed()[0].detail,
                         ["q7: want 0x11 have 0x22"])
        self.assertEqual({g.vm for g in found.guests if g.done}, {"a", "b"})

    def test_reset_goes_on_counting(self) -> None:
        found = console("reset")
        self.assertEqual(found.infrastructure(), [])
        self.assertEqual(len(found.cases), 2)

    def test_record_anywhere_in_a_line(self) -> None:
        found = Console().feed_text(
            "[    1.5] noise <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a.b "
            "RESULT=pass> more\r\n")
        self.assertEqual([c.name for c in found.cases], ["a.b"])

    def test_measure(self) -> None:
        case = console("bench").cases[0]
        self.assertEqual((case.name, case.measurement, case.units),
                         ("hypercall.min", 58.0, "insn"))


class Damage(unittest.TestCase):
    RECORDS = ["<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=g.a RESULT=pass>",
               "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=g.b RESULT=pass "
               "MEASUREMENT=58 UNITS=insn>"]

    def told(self, *records: str) -> list[str]:
        """What is said of these, where RECORDS were printed."""
        crc = zlib.crc32("".join(self.RECORDS).encode())
        return Console().feed_text("\n".join([
            "<APIARY_GUEST NAME=g CASES=1>", *records,
            f"<APIARY_DONE NAME=g RECORDS=2 CRC={crc:08x}>"
        ])).infrastructure()

    def test_records_are_summed_up(self) -> None:
        one, two = self.RECORDS
        self.assertEqual(self.told(one, two), [])
        self.assertEqual(self.told("x " + one + " y", two), [])
        self.assertRegex(self.told(two)[0], "1 of 2 records arrived")
        self.assertRegex(self.told(one, two, two)[0], "3 of 2 records")
        self.assertRegex(self.told(one, two.replace("58", "53"))[0],
                         "a record was changed on the way")
        self.assertRegex(self.told(two, one)[0], "was changed")

    def assertWrong(self, name: str, text: str) -> None:
        wrong = console(name).infrastructure()
        self.assertTrue(any(text in line for line in wrong), wrong)

    def test_hang(self) -> None:
        self.assertWrong("hang", "guest psci did not end: 1 of 3 cases "
                         "printed, the last one psci.version")

    def test_cut(self) -> None:
        self.assertWrong("cut", "line 6: cut or corrupted record")

    def test_lost_line(self) -> None:
        self.assertWrong("lost-line", "announced 3 cases, 2 arrived")

    def test_corrupt(self) -> None:
        self.assertWrong("corrupt", "line 7: cut or corrupted record")

    def test_no_guest(self) -> None:
        self.assertWrong("no-guest", "no guest announced itself")

    def test_stopped(self) -> None:
        self.assertWrong("stopped", "stopped VM a: stopped: data abort")

    def test_panic(self) -> None:
        self.assertWrong("panic", "panicked: PANIC: unexpected exception")

    def test_a_guest_cannot_fake_a_panic(self) -> None:
        found = Console().feed_text("[a] PANIC: not ours\n")
        self.assertEqual(found.panic, [])

    def test_unknown_result(self) -> None:
        found = Console().feed_text(
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=perhaps>\n")
        self.assertEqual(found.cases, [])
        self.assertIn("without name, result", found.problems[0])

    def test_doubled_field(self) -> None:
        found = Console().feed_text(
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a TEST_CASE_ID=b "
            "RESULT=pass>\n")
        self.assertEqual(found.cases, [])
        self.assertTrue(found.problems)

    def test_end_without_begin(self) -> None:
        found = Console().feed_text("<APIARY_DONE NAME=x>\n")
        self.assertIn("not announced", found.problems[0])

    def test_any_cut_of_a_good_log_is_noticed(self) -> None:
        """No prefix of pass.log that lacks a record passes as whole."""
        text = log("pass")
        end = text.index("<APIARY_DONE NAME=psci>") + 23
        for length in range(end):
            found = Console().feed_text(text[:length])
            self.assertNotEqual(found.infrastructure(), [], length)
        self.assertEqual(Console().feed_text(text[:end]).infrastructure(),
                         [])


class Histograms(unittest.TestCase):
    def test_values(self) -> None:
        found = console("bench").histograms["hypercall"]
        self.assertEqual((found.n, found.min, found.max), (1000, 58, 107))
        self.assertEqual(found.percentile(50), 58)
        self.assertEqual(found.percentile(99), 58)
        self.assertEqual(found.percentile(99.9), 59)
        self.assertEqual(found.percentile(100), 107)
        self.assertAlmostEqual(found.mean, 58.05)

    def test_parts(self) -> None:
        found = console("bench-parts")
        self.assertEqual(found.infrastructure(), [])
        self.assertEqual(found.histograms["vipi"].bins,
                         [(900, 2), (950, 2), (1100, 1), (1500, 1)])

    def test_missing_part(self) -> None:
        lines = log("bench-parts").splitlines()
        text = "\n".join(x for x in lines if "PART=2/2" not in x)
        wrong = Console().feed_text(text).infrastructure()
        self.assertIn("histogram vipi: only part 1 arrived", wrong)

    def test_checksum(self) -> None:
        found = console("bench-corrupt")
        self.assertEqual(found.histograms, {})
        self.assertIn("checksum", found.infrastructure()[0])

    def test_any_changed_digit_is_noticed(self) -> None:
        line = [x for x in log("bench").splitlines() if "HIST" in x][0]
        for at, char in enumerate(line):
            if char.isdigit():
                other = line[:at] + str(9 - int(char)) + line[at + 1:]
                found = Console().feed_text(other)
                self.assertTrue(found.problems, other)

    def test_bins_must_add_up(self) -> None:
        found = Console().feed_text(hist(
            "NAME=x UNITS=insn N=3 MIN=1 MAX=2 SUM=4 BINS=1:1,2:1"))
        self.assertIn("the bins hold 2 samples, N says 3", found.problems[0])

    def test_bins_in_order(self) -> None:
        found = Console().feed_text(hist(
            "NAME=x UNITS=insn N=2 MIN=1 MAX=2 SUM=3 BINS=2:1,1:1"))
        self.assertIn("out of order", found.problems[0])

    def test_twice(self) -> None:
        line = hist("NAME=x UNITS=insn N=1 MIN=1 MAX=1 SUM=1 BINS=1:1")
        found = Console().feed_text(f"{line}\n{line}\n")
        self.assertIn("printed twice", found.problems[0])

    def test_percentile_is_nearest_rank(self) -> None:
        many = Histogram("x", "insn", "", 4, 1, 4, 10,
                         [(1, 1), (2, 1), (3, 1), (4, 1)])
        self.assertEqual([many.percentile(p) for p in (1, 25, 26, 50, 75, 99)],
                         [1, 1, 2, 2, 3, 4])
