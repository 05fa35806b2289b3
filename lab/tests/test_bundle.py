"""Bundles: what options become, and which are refused.

SPDX-License-Identifier: BSD-2-Clause
"""
import subprocess

from support import InFolder
from apiary_lab import bundle
from apiary_lab.bundle import Vm
from apiary_lab.status import LabError


class Bundles(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.image = self.folder / "test.Image"
        self.image.write_bytes(bytes(range(200)))

    def tree(self, *vms: Vm) -> str:
        made = bundle.build(list(vms), self.folder / "out" / "b.dtb")
        return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", made],
                              capture_output=True, text=True,
                              check=True).stdout

    def assertRefused(self, text: str, *vms: Vm) -> None:
        with self.assertRaisesRegex(LabError, text):
            bundle.source(list(vms))

    def get(self, made: object, node: str, name: str,
            kind: str = "s") -> str:
        return subprocess.run(["fdtget", "-t", kind, made, node, name],
                              capture_output=True, text=True,
                              check=True).stdout.strip()

    def test_flat_binaries_go_where_qemu_puts_them(self) -> None:
        image = self.folder / "test.flat"
        image.write_bytes(b"flat")
        text = bundle.source([Vm(guest=str(image))])
        self.assertIn('type = "raw";\n\t\t\tload = <0x0 0x40080000>', text)
        text = bundle.source([Vm(guest=str(image), load="0x40200000")])
        self.assertIn("load = <0x0 0x40200000>", text)

    def test_firmware(self) -> None:
        flash = self.folder / "flash.fd"
        flash.write_bytes(b"\0\0\0\x14")
        made = bundle.build([bundle.vm_from(
            {"firmware": str(flash)}, "here")], self.folder / "f.dtb")
        self.assertEqual(self.get(made, "/vms/a/devices", "firmware"),
                         "flash")
        self.assertEqual(self.get(made, "/vms/a", "memory", "x"),
                         "0 10000000")
        self.assertNotIn("kernel", bundle.source([Vm(firmware=str(flash))]))
        made = bundle.build([bundle.vm_from(
            {"firmware": str(flash), "guest": str(self.image),
             "memory": "128M", "devices": {"rng": True}}, "here")],
            self.folder / "f.dtb")
        self.assertEqual(self.get(made, "/vms/a", "kernel"), "test")
        self.assertEqual(self.get(made, "/vms/a", "memory", "x"), "0 8000000")
        self.assertEqual(self.get(made, "/vms/a/devices", "rng"), "")

    def test_firmware_refused(self) -> None:
        path = self.folder / "flash.fd"
        vm = Vm(firmware=str(path))
        self.assertRefused("firmware: no file .*flash.fd", vm)
        path.write_bytes(b"")
        self.assertRefused("firmware: .*flash.fd is empty", vm)
        with open(path, "wb") as flash:
            flash.truncate((64 << 20) + 1)
        self.assertRefused("flash.fd is larger than a flash of 64 MiB", vm)

    def test_linux_without_a_root(self) -> None:
        head = bytearray(64)
        head[:2], head[56:60] = b"MZ", b"ARM\x64"
        self.image.write_bytes(head)
        name = str(self.image)
        for vm, said in ((Vm(guest=name), True),
                         (Vm(guest=name, append="noroot=1"), True),
                         (Vm(guest=name, append="quiet root=/dev/vda"),
                          False),
                         (Vm(guest=name, initrd=name), False)):
            self.assertEqual(bundle.rootless(vm), said, vm)
        head[36:40], head[56:60] = b"\x18\x28\x6f\x01", b"    "
        self.image.write_bytes(head)        # a zImage
        self.assertTrue(bundle.rootless(Vm(guest=name)))
        head[:2] = b"\0\0"                  # one of ours
        self.image.write_bytes(head)
        self.assertFalse(bundle.rootless(Vm(guest=name)))

    def test_everything(self) -> None:
        made = bundle.build([
            Vm(guest=str(self.image), name="one", vcpus=2, memory="5G",
               append='say "hi" \\', initrd=str(self.image), cpus=[0, 1],
               stage2="demand", wfi="native", gic=2, stats=True,
               passthrough={"uart": {"reg": [0x1000, 0x140000000, 0x1000],
                                     "interrupts": [40], "edge": True,
                                     "compatible": "arm,pl011"}},
               devices={"console": True, "rng": False, "its": True,
                        "link": "w",
                        "share": "m", "share-size": "64K",
                        "transports": [[0x0c003e00, 79]],
                        "pci": ["00:01.0", "0000:00:02.0"]})],
            self.folder / "b.dtb")
        vm = "/vms/one"
        self.assertEqual(self.get(made, "/", "compatible"),
                         "apiary,bundle-1")
        self.assertEqual(self.get(made, vm, "kernel"), "test")
        self.assertEqual(self.get(made, vm, "initrd"), "test")
        self.assertEqual(self.get(made, vm, "bootargs"), 'say "hi" \\')
        self.assertEqual(self.get(made, vm, "memory", "x"), "1 40000000")
        self.assertEqual(self.get(made, vm, "vcpus", "u"), "2")
        self.assertEqual(self.get(made, vm, "cpus", "u"), "0 1")
        self.assertEqual(self.get(made, vm, "stage2"), "demand")
        self.assertEqual(self.get(made, vm, "wfi"), "native")
        self.assertEqual(self.get(made, vm, "gic", "u"), "2")
        self.assertEqual(self.get(made, vm, "stats"), "")
        dev = f"{vm}/passthrough/uart"
        self.assertEqual(self.get(made, dev, "reg", "x"),
                         "0 1000 1 40000000 0 1000")
        self.assertEqual(self.get(made, dev, "interrupts", "u"), "40")
        self.assertEqual(self.get(made, dev, "compatible"), "arm,pl011")
        devices = f"{vm}/devices"
        self.assertEqual(self.get(made, devices, "console"), "")
        self.assertEqual(self.get(made, devices, "its"), "")
        self.assertNotIn("rng", subprocess.run(
            ["fdtget", "-p", made, devices], capture_output=True, text=True,
            check=True).stdout)
        self.assertEqual(self.get(made, devices, "link"), "w")
        self.assertEqual(self.get(made, devices, "share"), "m")
        self.assertEqual(self.get(made, devices, "share-size", "x"),
                         "0 10000")
        self.assertEqual(self.get(made, devices, "transports", "x"),
                         "0 c003e00 4f")
        self.assertEqual(self.get(made, devices, "pci"),
                         "00:01.0 0000:00:02.0")
        data = self.get(made, "/images/test", "data", "bx").split()
        self.assertEqual(bytes(int(x, 16) for x in data),
                         self.image.read_bytes())

    def test_an_image_is_carried_once(self) -> None:
        text = self.tree(Vm(guest=str(self.image)), Vm(guest=str(self.image)))
        self.assertEqual(text.count("data = "), 1)
        self.assertIn("\t\ta {", text)
        self.assertIn("\t\tb {", text)

    def test_same_name_other_image(self) -> None:
        other = self.folder / "sub" / "test.Image"
        other.parent.mkdir()
        other.write_bytes(b"other")
        text = self.tree(Vm(guest=str(self.image)), Vm(guest=str(other)))
        self.assertEqual(text.count("data = "), 2)

    def test_raw(self) -> None:
        text = self.tree(Vm(guest=str(self.image), load="0x40200000",
                            entry="0x40200004"))
        self.assertIn('type = "raw"', text)
        self.assertIn("load = <0x00 0x40200000>", text)
        self.assertIn("entry = <0x00 0x40200004>", text)

    def test_refused(self) -> None:
        good = str(self.image)
        self.assertRefused("no guest image", Vm(guest="nowhere"))
        self.assertRefused("two VMs are named x", Vm(guest=good, name="x"),
                           Vm(guest=good, name="x"))
        self.assertRefused("bad VM name", Vm(guest=good, name="a b"))
        self.assertRefused("bad size '0M'", Vm(guest=good, memory="0M"))
        self.assertRefused("bad size", Vm(guest=good, memory="64 megs"))
        self.assertRefused("stage2 is", Vm(guest=good, stage2="lazy"))
        self.assertRefused("gic is 2 or 3", Vm(guest=good, gic=4))
        self.assertRefused("control character", Vm(guest=good, append="a\nb"))
        self.assertRefused("initrd: no file", Vm(guest=good, initrd="/no"))
        self.assertRefused("no address", Vm(guest=good, load="here"))
        self.assertRefused(r"one or more \[ipa", Vm(
            guest=good, passthrough={"d": {"reg": [1, 2]}}))

    def test_devices_refused(self) -> None:
        good = str(self.image)
        for devices, said in (({"disk": True}, "disk: no such device"),
                              ({"rng": 1}, "neither true nor false"),
                              ({"share-size": "x"}, "bad size"),
                              ({"pci": [60.0]}, "list of functions, as"),
                              ({"transports": [1, 2]}, r"list of \[ipa")):
            self.assertRefused(said, Vm(guest=good, devices=devices))

    def test_pci_functions(self) -> None:
        self.assertEqual(bundle.pci_functions(["00:03.0", "0001:FF:1f.7"]),
                         ["0000:00:03.0", "0001:ff:1f.7"])
        for names, said in ((["3.0"], "'3.0' is no function: wanted"),
                            (["00:20.0"], "is no function"),
                            (["00:03.8"], "is no function"),
                            (["00:03.0\n"], "is no function"),
                            (["00:03.0", "0000:00:03.0"], "named twice"),
                            ([f"00:{n:02x}.0" for n in range(9)],
                             "9 functions: a VM has at most 8")):
            with self.assertRaisesRegex(LabError, said):
                bundle.pci_functions(names)

    def test_too_many_vcpus_are_the_hypervisors_to_refuse(self) -> None:
        self.assertIn("vcpus = <0x63>",
                      self.tree(Vm(guest=str(self.image), vcpus=99)))

    def test_dtc_error_leaves_no_bundle(self) -> None:
        out = self.folder / "b.dtb"
        with self.assertRaisesRegex(LabError, "dtc refuses"):
            bundle.build([Vm(guest=str(self.image), vcpus=-1)], out)
        self.assertEqual([p.name for p in self.folder.glob("b.*")],
                         ["b.dts"])

    def test_vms_file(self) -> None:
        path = self.folder / "vms.yaml"
        path.write_text(f"one: {{guest: {self.image}, vcpus: 3}}\n"
                        f"two: {{guest: {self.image}}}\n")
        self.assertEqual([(vm.name, vm.vcpus)
                          for vm in bundle.read_vms(path)],
                         [("one", 3), ("two", 1)])

    def test_vms_file_refused(self) -> None:
        for text, error in (
                ("a: {guest: x, vcpu: 2}", "vcpu: no such option"),
                ("a: {guest: x, vcpus: two}", "'two' is no int"),
                ("a: {guest: x, vcpus: true}", "True is no int"),
                ("a: {vcpus: 2}", "at least guest"),
                ("", "wanted a list"),
                ("a: [", "expected")):
            path = self.folder / "vms.yaml"
            path.write_text(text)
            with self.assertRaisesRegex(LabError, error):
                bundle.read_vms(path)
