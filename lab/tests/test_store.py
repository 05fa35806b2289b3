"""Stored results: whole or not at all; damage is reported and skipped.

SPDX-License-Identifier: BSD-2-Clause
"""
import copy
import json
import os
from unittest import mock

from support import InFolder
from apiary_lab import bench, paths, store
from apiary_lab.records import Histogram
from apiary_lab.status import LabError

HASH = "0" * 64
RESULT = {
    "format": store.FORMAT, "time": "2026-01-02T03:04:05Z",
    "commit": "a" * 40, "dirty": False,
    "target": {"name": "t", "config": "t", "cpu": "cortex-a72", "smp": 2,
               "memory": "512M", "gic": 3, "deterministic": True},
    "toolchain": {"compiler": "gcc", "hypervisor": ["GNU C11"],
                  "guests": []},
    "emulator": "QEMU", "images": {"i": HASH}, "bundles": {"b": HASH},
    "commands": {"b": "qemu"}, "device_tree": HASH, "host": {"cpu": "x"},
    "runs": 1, "varied": [],
    "benchmarks": {"hypercall": bench.as_dict(
        Histogram("hypercall", "insn", "", 3, 58, 60, 176,
                  [(58, 2), (60, 1)]), "hypercall")}}


class Store(InFolder):
    def setUp(self) -> None:
        super().setUp()
        before = paths.RESULTS
        self.addCleanup(setattr, paths, "RESULTS", before)
        schema = (before / "schema.json").read_text()
        paths.RESULTS = self.folder
        (self.folder / "schema.json").write_text(schema)
        self.path = store.run_path("t", RESULT["time"], RESULT["commit"])

    def test_there_and_back(self) -> None:
        store.write(self.path, RESULT)
        self.assertEqual(self.path.name, "20260102T030405Z-aaaaaaaaaaaa.json")
        self.assertEqual(store.read(self.path), RESULT)

    def test_two_runs_in_one_second_are_both_kept(self) -> None:
        store.write(self.path, RESULT)
        other = store.run_path("t", RESULT["time"], RESULT["commit"])
        self.assertEqual(other.name, "20260102T030405Z-aaaaaaaaaaaa-2.json")

    def test_bad_result_is_not_stored(self) -> None:
        for change in (lambda r: r.pop("commit"),
                       lambda r: r.update(commit="HEAD"),
                       lambda r: r.update(extra=1),
                       lambda r: r.update(benchmarks={}),
                       lambda r: r["benchmarks"]["hypercall"].update(n=4)):
            bad = copy.deepcopy(RESULT)
            change(bad)
            with self.assertRaisesRegex(LabError, "result not stored"):
                store.write(self.path, bad)
            self.assertFalse(self.path.exists())

    def test_full_disk(self) -> None:
        store.write(self.path, RESULT)
        with mock.patch("os.fsync", side_effect=OSError(
                28, "No space left on device")):
            with self.assertRaisesRegex(LabError, "No space left.*nothing "
                                        "was stored"):
                store.write(self.path, RESULT | {"dirty": True})
        self.assertEqual(store.read(self.path), RESULT)
        self.assertEqual(os.listdir(self.path.parent), [self.path.name])

    def test_no_space_for_real(self) -> None:
        """/dev/full refuses every write as a full disk does."""
        with mock.patch("tempfile.mkstemp", side_effect=lambda **k: (
                os.open("/dev/full", os.O_WRONLY), str(self.folder / "x"))):
            with self.assertRaisesRegex(LabError, "No space left"):
                store.write(self.path, RESULT)

    def test_damaged_is_skipped(self) -> None:
        store.write(self.path, RESULT)
        whole = self.path.read_text()
        later = self.path.with_name("20270101T000000Z-bbbbbbbbbbbb.json")
        for text in (whole[:100], "", "{}", whole.replace("58", "59", 1)
                     .replace('"n": 3', '"n": 9')):
            later.write_text(text)
            said: list[str] = []
            self.assertEqual(store.recorded("t", said.append), RESULT)
            self.assertEqual(len(said), 1)
            self.assertIn("damaged", said[0])
            self.assertIn(later.name, said[0])

    def test_newer_schema(self) -> None:
        """Not called damaged: it may be whole, and we too old for it."""
        store.write(self.path, RESULT)
        text = self.path.read_text()
        self.path.write_text(text.replace(store.FORMAT, "apiary-result-99"))
        with self.assertRaisesRegex(LabError, "has format apiary-result-99, "
                                    "this apiary reads .* newer"):
            store.read(self.path)

    def test_recorded_goes_before_newer_runs(self) -> None:
        store.write(self.path, RESULT | {"dirty": True})
        store.write(store.recorded_path("t"), RESULT)
        self.assertEqual(store.recorded("t", self.fail), RESULT)

    def test_none(self) -> None:
        self.assertIsNone(store.recorded("t", self.fail))

    def test_it_is_json(self) -> None:
        store.write(self.path, RESULT)
        self.assertEqual(json.loads(self.path.read_text()), RESULT)
