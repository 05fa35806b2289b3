"""Builds bundles: VM descriptions and their images in one device tree.

The format is hypervisor/include/abi/bundle.h. Takes VM options as a command
line or a YAML file gives them, writes .dts text and has dtc make the tree.
Must not know targets, nor what the images do.

SPDX-License-Identifier: BSD-2-Clause
"""
import dataclasses
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError
from .terminal import warn

# As kvm-unit-tests names binaries with no header, made for QEMU's -kernel;
# and where QEMU loads and enters what has none (hw/arm/boot).
_FLAT = ".flat"
_FLAT_AT = "0x40080000"
_FLASH = 64 << 20                       # hypervisor/include/abi/machine.h
_FIRMWARE_MEMORY = "256M"               # EDK2 does not start with 64 MiB
_PCI_MAX = 8                            # of a VM: PCI_SLOTS
_PCI = re.compile(r"(?:([0-9a-f]{4}):)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])",
                  re.IGNORECASE)
_SIZE = re.compile(r"^(\d+)([KMG]?)$")
_UNIT = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass
class Vm:
    """One VM. Field names are the keys of a --vms file."""

    guest: str = ""                     # image file, or name of a test guest
    name: str = ""
    vcpus: int = 1
    memory: str = "64M"
    append: str = ""
    initrd: str = ""
    dtb: str = ""
    firmware: str = ""                  # which starts, and has guest to boot
    cpus: list[int] = field(default_factory=list)
    stage2: str = ""
    wfi: str = ""
    gic: int = 0
    stats: bool = False
    load: str = ""                      # IPA: the guest is a raw binary
    entry: str = ""
    passthrough: dict[str, Any] = field(default_factory=dict)
    devices: dict[str, Any] = field(default_factory=dict)


def parse_size(text: str) -> int:
    """Bytes, from "64M"."""
    match = _SIZE.match(str(text))
    if match is None or int(match.group(1)) == 0:
        raise LabError(f"bad size {text!r}: wanted a number with K, M or G")
    return int(match.group(1)) * _UNIT[match.group(2)]


def pci_functions(names: list[str]) -> list[str]:
    """Functions as a command line names them, with their domain."""
    out = []
    for name in names:
        match = _PCI.fullmatch(name)
        if match is None:
            raise LabError(f"--pci: {name!r} is no function: wanted "
                           f"DOMAIN:BUS:DEVICE.FUNCTION, as 0000:00:03.0 "
                           f"(lspci -D shows them)")
        out.append(f"{match.group(1) or '0000'}:{match.group(2)}".lower())
        if out.count(out[-1]) > 1:
            raise LabError(f"--pci: {out[-1]} is named twice")
    if len(out) > _PCI_MAX:
        raise LabError(f"--pci: {len(out)} functions: a VM has at most "
                       f"{_PCI_MAX}")
    return out


def find_guest(name: str) -> Path:
    """The image file of a guest: a path, or the name of one of ours."""
    path = Path(name)
    if path.is_file():
        return path
    if "/" not in name:
        for folder in (paths.GUESTS, paths.BENCH):
            for suffix in ("", ".Image", ".zImage", _FLAT):
                image = folder / f"{name}{suffix}"
                if image.is_file():
                    return image
    raise LabError(f"no guest image {name}: not a file, and not a guest in "
                   f"{paths.shown(paths.GUESTS)} or "
                   f"{paths.shown(paths.BENCH)} (make guests bench-guests), "
                   f"nor one of: {', '.join(fetched())}")


def fetched() -> list[str]:
    """The systems that --guest knows by name and a script fetches."""
    return sorted(path.stem for path in paths.VMS.glob("*.yaml"))


def _with_fetched(options: dict[str, Any]) -> dict[str, Any]:
    """Where the guest is a fetched system: what lab/vms/ says of it, with
    these options instead; boot arguments are added."""
    import yaml

    name = options.get("guest", "")
    if name not in fetched() or Path(name).is_file():
        return options
    own = yaml.safe_load((paths.VMS / f"{name}.yaml").read_text())
    script = own.pop("fetched-by")
    for key in {"guest", "initrd", "firmware"} & own.keys():
        own[key] = str(paths.BUILD / own[key])
        if key not in options or key == "guest":
            if not Path(own[key]).is_file():
                raise LabError(f"{name} is not here: {script}")
    append = " ".join(filter(None, (own.get("append"),
                                    options.get("append"))))
    return {**own, **options, "guest": own.get("guest", ""),
            "append": append}


def vm_from(options: dict[str, Any], where: str) -> Vm:
    """A VM from the mapping of a YAML file."""
    known = {f.name: f.type for f in dataclasses.fields(Vm)}
    if not isinstance(options, dict) or \
            not {"guest", "firmware"} & options.keys():
        raise LabError(f"{where}: each VM is a mapping with at least guest: "
                       f"or firmware:")
    for key, value in options.items():
        if key not in known:
            raise LabError(f"{where}: {key}: no such option; there are "
                           f"{', '.join(known)}")
        wanted = {"guest": str, "firmware": str, "vcpus": int,
                  "cpus": list, "gic": int, "stats": bool, "passthrough": dict,
                  "devices": dict}.get(key)
        if wanted is not None and (not isinstance(value, wanted) or
                                   wanted is int and value is True):
            raise LabError(f"{where}: {key}: {value!r} is no "
                           f"{wanted.__name__}")
    options = _with_fetched(options)
    if options.get("firmware"):
        options = {"memory": _FIRMWARE_MEMORY, **options}
    return Vm(**options)


def read_vms(path: Path) -> list[Vm]:
    """The VMs of a --vms file: a list, or a mapping of name to options."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{path}: {error}") from None
    if isinstance(data, dict):
        data = [{"name": str(name), **(options or {})}
                for name, options in data.items()]
    if not isinstance(data, list) or not data:
        raise LabError(f"{path}: wanted a list of VMs, or name: options")
    return [vm_from(options, str(path)) for options in data]


def check(vms: list[Vm]) -> None:
    """Gives every VM a name; refuses what no tree could express. What the
    hypervisor must refuse itself (too much memory, too many vCPUs) passes:
    it is tested with that."""
    for index, vm in enumerate(vms):
        if not vm.name:
            vm.name = chr(ord("a") + index) if index < 26 else f"vm{index}"
        if not re.match(r"^[A-Za-z][A-Za-z0-9_.+-]{0,30}$", vm.name):
            raise LabError(f"bad VM name {vm.name!r}: a letter, then at most "
                           f"30 letters, digits or _.+-")
        if vm.stage2 not in ("", "eager", "demand"):
            raise LabError(f"VM {vm.name}: stage2 is eager or demand")
        if vm.wfi not in ("", "trap", "native"):
            raise LabError(f"VM {vm.name}: wfi is trap or native")
        if vm.gic not in (0, 2, 3):
            raise LabError(f"VM {vm.name}: gic is 2 or 3")
        parse_size(vm.memory)
    names = [vm.name for vm in vms]
    for name in names:
        if names.count(name) > 1:
            raise LabError(f"two VMs are named {name}")


def _string(text: str) -> str:
    if any(ord(c) < 32 for c in text):
        raise LabError(f"control character in {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cells(value: int) -> str:
    return f"0x{value >> 32:x} 0x{value & 0xffffffff:x}"


def _address(text: Any, what: str) -> int:
    try:
        value = int(str(text), 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 64:
        raise LabError(f"{what}: {text!r} is no address")
    return value


class _Images:
    """The /images node: each file once, under a name of its own."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[str, str], str] = {}
        self.text: list[str] = []

    def add(self, path: Path, extra: str = "") -> str:
        key = (str(path.resolve()), extra)
        if key not in self.nodes:
            if '"' in key[0]:
                raise LabError(f"quote in file name {path}")
            stem = re.sub(r"[^A-Za-z0-9_-]", "-", path.stem) or "image"
            name = stem if stem[0].isalpha() else f"i{stem}"
            while name in self.nodes.values():
                name += "x"
            self.nodes[key] = name
            self.text.append(f'\t\t{name} {{\n\t\t\tdata = '
                             f'/incbin/("{key[0]}");\n{extra}\t\t}};\n')
        return self.nodes[key]


def _passthrough(vm: Vm) -> str:
    """The passthrough node: device: {reg: [ipa, pa, size],
    interrupts: [...], compatible: ..., edge: true, read-only: true}."""
    out = "\t\t\tpassthrough {\n"
    for name, options in vm.passthrough.items():
        where = f"VM {vm.name}: passthrough {name}"
        reg = options.get("reg", [])
        if len(reg) % 3 or not reg and not options.get("interrupts"):
            raise LabError(f"{where}: reg is one or more [ipa, pa, size]")
        out += f"\t\t\t\t{name} {{\n"
        if reg:
            cells = " ".join(_cells(_address(v, where)) for v in reg)
            out += f"\t\t\t\t\treg = <{cells}>;\n"
        if options.get("interrupts"):
            numbers = " ".join(str(int(n)) for n in options["interrupts"])
            out += f"\t\t\t\t\tinterrupts = <{numbers}>;\n"
        if options.get("compatible"):
            text = _string(str(options["compatible"]))
            out += f"\t\t\t\t\tcompatible = {text};\n"
        for flag in ("edge", "read-only"):
            if options.get(flag):
                out += f"\t\t\t\t\t{flag};\n"
        out += "\t\t\t\t};\n"
    return out + "\t\t\t};\n"


def rootless(vm: Vm) -> bool:
    """Is it a Linux that will find no root file system? Known by the EFI
    stub and the magic of its header, of 64 or 32 bits, that our own images
    have not both."""
    if not vm.guest:
        return False
    with open(find_guest(vm.guest), "rb") as image:
        head = image.read(64)
    return head[:2] == b"MZ" and (
        head[56:60] == b"ARM\x64" or head[36:40] == b"\x18\x28\x6f\x01"
    ) and not (vm.initrd or vm.dtb or
               re.search(r"(^|\s)root=", vm.append))


def _devices(vm: Vm, firmware: str) -> str:
    """The devices node: console, rng, its, unsafe-dma: true; link, share:
    names; share-size: 64K; transports: [[ipa, intid], ...]; pci: [function,
    ...], as 0000:00:01.0; and the name of an image."""
    out = "\t\t\tdevices {\n"
    if firmware:
        out += f"\t\t\t\tfirmware = {_string(firmware)};\n"
    for key, value in vm.devices.items():
        where = f"VM {vm.name}: devices: {key}"
        if key in ("console", "rng", "its", "unsafe-dma"):
            if not isinstance(value, bool):
                raise LabError(f"{where}: {value!r} is neither true nor "
                               f"false")
            text = "" if value else None
        elif key in ("link", "share"):
            text = " = " + _string(str(value))
        elif key == "share-size":
            text = f" = <{_cells(parse_size(value))}>"
        elif key == "transports":
            if not isinstance(value, list) or not all(
                    isinstance(t, list) and len(t) == 2 for t in value):
                raise LabError(f"{where}: wanted a list of [ipa, intid]")
            text = " = <" + " ".join(
                f"{_cells(_address(ipa, where))} {int(intid)}"
                for ipa, intid in value) + ">"
        elif key == "pci":
            if not isinstance(value, list) or not value or not all(
                    isinstance(f, str) for f in value):
                raise LabError(f"{where}: wanted a list of functions, as "
                               f"[\"0000:00:01.0\"]")
            text = " = " + ", ".join(map(_string, value))
        else:
            raise LabError(f"{where}: no such device")
        if text is not None:
            out += f"\t\t\t\t{key}{text};\n"
    return out + "\t\t\t};\n"


def _kernel(vm: Vm, images: _Images) -> str:
    """The property kernel; firmware does without."""
    if not vm.guest:
        return ""
    extra = ""
    image = find_guest(vm.guest)
    load = vm.load or (_FLAT_AT if image.suffix == _FLAT else "")
    if load != "":
        extra = '\t\t\ttype = "raw";\n\t\t\tload = <' + \
            _cells(_address(load, "load")) + ">;\n"
        if vm.entry != "":
            extra += "\t\t\tentry = <" + \
                _cells(_address(vm.entry, "entry")) + ">;\n"
    return f"\t\t\tkernel = {_string(images.add(image, extra))};\n"


def _firmware(vm: Vm) -> Path:
    """Its file; what dtc would not take, or the machine's RAM not hold."""
    path = Path(vm.firmware)
    if not path.is_file():
        raise LabError(f"VM {vm.name}: firmware: no file {vm.firmware}")
    if path.stat().st_size == 0:
        raise LabError(f"VM {vm.name}: firmware: {vm.firmware} is empty")
    if path.stat().st_size > _FLASH:
        raise LabError(f"VM {vm.name}: firmware: {vm.firmware} is larger "
                       f"than a flash of {_FLASH >> 20} MiB")
    return path


def source(vms: list[Vm]) -> str:
    """The bundle as device-tree source."""
    check(vms)
    images = _Images()
    out = ""
    for vm in vms:
        if rootless(vm):
            warn(f"VM {vm.name}: a Linux with no initrd, and no root= in its "
                 f"boot arguments: it will find no root file system")
        out += f"\t\t{vm.name} {{\n" + _kernel(vm, images)
        firmware = ""
        if vm.firmware:
            firmware = images.add(_firmware(vm))
        for key, text in (("initrd", vm.initrd), ("dtb", vm.dtb)):
            if text:
                if not Path(text).is_file():
                    raise LabError(f"VM {vm.name}: {key}: no file {text}")
                out += f"\t\t\t{key} = {_string(images.add(Path(text)))};\n"
        if vm.append:
            out += f"\t\t\tbootargs = {_string(vm.append)};\n"
        out += f"\t\t\tmemory = <{_cells(parse_size(vm.memory))}>;\n"
        out += f"\t\t\tvcpus = <{int(vm.vcpus)}>;\n"
        if vm.cpus:
            numbers = " ".join(str(int(cpu)) for cpu in vm.cpus)
            out += f"\t\t\tcpus = <{numbers}>;\n"
        for key in ("stage2", "wfi"):
            if getattr(vm, key):
                out += f"\t\t\t{key} = {_string(getattr(vm, key))};\n"
        if vm.gic:
            out += f"\t\t\tgic = <{vm.gic}>;\n"
        if vm.stats:
            out += "\t\t\tstats;\n"
        if vm.passthrough:
            out += _passthrough(vm)
        if vm.devices or firmware:
            out += _devices(vm, firmware)
        out += "\t\t};\n"
    return ("/dts-v1/;\n/ {\n\tcompatible = \"apiary,bundle-1\";\n"
            "\timages {\n" + "".join(images.text) + "\t};\n"
            "\tvms {\n" + out + "\t};\n};\n")


def build(vms: list[Vm], output: Path) -> Path:
    """Writes the bundle; the .dts stays beside it for whoever looks."""
    text = source(vms)
    output.parent.mkdir(parents=True, exist_ok=True)
    dts = output.with_suffix(".dts")
    part = output.with_suffix(f".{os.getpid()}.part")
    dts.write_text(text)
    try:
        made = subprocess.run(
            ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(part),
             str(dts)], capture_output=True, text=True)
    except FileNotFoundError:
        raise LabError("dtc is not in PATH: make deps") from None
    if made.returncode:
        part.unlink(missing_ok=True)
        raise LabError(f"dtc refuses {paths.shown(dts)}: "
                       f"{made.stderr.strip()}")
    part.replace(output)
    return output
