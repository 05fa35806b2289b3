"""LAVA's forms: a target and images to a job, and to a device for lava-run.

Jobs come from lab/lava/job.yaml.jinja2. The device of a board is rendered
from LAVA's own device-type templates (Debian package lava-server, installed
or unpacked by fixtures/fetch-lava-types) and the commands of lab/wiring.yaml.
What a farm's server holds of a board stays the farm's. Must not know how a
job is run, nor any one board.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import fvp, paths
from .status import LabError
from .targets import Target

TEMPLATES = paths.LAB / "lava"
INSTALLED = Path("/usr/share/lava-server/device-types")
# Units match empty and are never absent: a server drops such cases silently.
PATTERN = (r"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=(?P<test_case_id>\S+) "
           r"RESULT=(?P<result>pass|fail|skip|unknown)"
           r"(?: MEASUREMENT=(?P<measurement>[-+0-9.eE]+) UNITS=)?"
           r"(?P<units>[^\s>]*)>")
START = r"Apiary \d"
# The hypervisor's last word. (After a panic there is none: then the watch of
# this host, or the time-out of a server's job, ends the run.)
END = r"apiary: all VMs are off|apiary: this machine has no power-off"
# Stands for what only the desk knows, where a device is only looked at.
NO_DESK = {"connect": "telnet 127.0.0.1 1", "power_off": "/bin/false",
           "hard_reset": "/bin/false",
           "dtb": str(paths.RUNS / "virtual-board" / "board.dtb")}
# After the loader's address: kernel, bundle, tree, and in we go.
LOAD = ["tftp {KERNEL_ADDR} {KERNEL}", "tftp {RAMDISK_ADDR} {RAMDISK}",
        "tftp {DTB_ADDR} {DTB}",
        "booti {KERNEL_ADDR} {RAMDISK_ADDR} {DTB_ADDR}"]
# A file that QEMU puts into memory by itself.
_LOADER = re.compile("(loader,file=)([^,]*)(.*)")
ADDRESS = ["setenv autoload no", "setenv initrd_high 0xffffffffffffffff",
           "setenv fdt_high 0xffffffffffffffff", "dhcp",
           "setenv serverip {SERVER_IP}"]


def for_uboot(bundle: Path) -> Path:
    """The bundle as a ramdisk of U-Boot's. Bare, booti takes it for a FIT
    image, since it is a flattened device tree as well."""
    made = bundle.with_suffix(".ramdisk")
    try:
        done = subprocess.run(
            ["mkimage", "-A", "arm64", "-O", "linux", "-T", "ramdisk", "-C",
             "none", "-n", "apiary bundle", "-d", str(bundle), str(made)],
            capture_output=True, text=True)
    except FileNotFoundError:
        raise LabError("mkimage is not in PATH: ci/deps base lava") from None
    if done.returncode:
        raise LabError(f"mkimage refuses {paths.shown(bundle)}: "
                       f"{done.stderr.strip()}")
    return made


@dataclass
class Images:
    """What is booted."""

    kernel: Path
    initrd: Path | None = None
    append: str | None = None
    dtb: Path | None = None         # for boards: it is loaded beside them


def for_board(target: Target, images: Images,
              board: dict[str, Any]) -> Images:
    """The images as a board's loader wants them."""
    if images.initrd is None:
        raise LabError(f"{target.name}: a board boots a bundle")
    dtb = Path(board["dtb"]) if "dtb" in board else target.dtb
    if dtb is None:
        raise LabError(f"{target.name}: no `dtb` in its lava: part")
    return Images(images.kernel, for_uboot(images.initrd), dtb=dtb)


def method_of(target: Target) -> str:
    """The boot method that needs nothing but this host and the board."""
    return "u-boot" if target.runner == "lava" else "qemu"


def device_type(target: Target) -> str:
    return target.own["device_type"] if target.runner == "lava" else \
        "fvp" if target.runner == "fvp" else "qemu"


def _environment(folder: Path) -> Any:
    import jinja2

    ours = folder == TEMPLATES
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), trim_blocks=True,
        lstrip_blocks=ours, keep_trailing_newline=ours, autoescape=False,
        undefined=jinja2.StrictUndefined if ours else jinja2.Undefined)
    made.filters["quoted"] = json.dumps
    return made


def _process(target: Target, images: Images, method: str) \
        -> tuple[str, list[str], dict[str, Path], dict[str, str]]:
    """Program, options, images and their arguments of a machine that is a
    process of the dispatcher."""
    if target.runner == "fvp":
        own = target.own
        files = fvp.images(own, images.kernel, images.initrd, target.dtb,
                           images.append)
        if method == "fvp":     # LAVA connects to the terminal
            own = own | {"console": "telnet"}
        return (fvp.find(own), fvp.options(own, target.data["smp"]), files,
                {name: fvp.load_option(own, name, "{%s}" % (
                    name.upper() if method == "fvp" else name))
                 for name in files})
    words = target.command(images.kernel, images.initrd, images.append)
    left, files, arguments = words[:1], {}, {}
    rest = iter(words[1:])
    for word in rest:
        found = None
        if word in ("-kernel", "-initrd", "-dtb", "-bios", "-device"):
            value = next(rest)
            found = _LOADER.match(value) if word == "-device" else \
                re.match("()(.*)()", value)
        if found is None:
            left += [word] if word not in ("-device",) else [word, value]
            continue
        name = word[1:] if word != "-device" else f"load{len(files)}"
        files[name] = Path(found[2])
        arguments[name] = f"{word} {found[1]}{{{name}}}{found[3]}"
    return left[0], left[1:], files, arguments


def _url(path: Path, base: str) -> str:
    return f"{base.rstrip('/')}/{path.name}" if base else \
        path.resolve().as_uri()


def files_of(target: Target, images: Images) -> list[Path]:
    """The files that the dispatcher must be able to get."""
    if target.runner == "lava":
        return [images.kernel, images.initrd, images.dtb]
    return list(_process(target, images, "qemu")[2].values())


def seconds(target: Target) -> dict[str, int]:
    """LAVA's time-outs: ours with room, so that at this host ours tell the
    stage first."""
    t = target.timeouts
    boot = sum(t.get(stage, 0) for stage in ("power", "firmware", "loader"))
    test = sum(t[stage] for stage in
               ("banner", "vm", "guest", "done", "power-off"))
    out = {"deploy": 120, "boot": int(boot) + 60, "test": int(test) + 60}
    return out | {"job": sum(out.values())}


def job(target: Target, images: Images, name: str, method: str = "",
        base_url: str = "") -> str:
    """The job's YAML. Without base_url the files are named as this host
    has them."""
    method = method or method_of(target)
    fields: dict[str, Any] = {
        "name": name, "device_type": device_type(target), "method": method,
        "seconds": seconds(target), "pattern": PATTERN, "start": START,
        "end": END}
    if target.entry == "el1":
        fields |= {"start": "<APIARY_GUEST ", "end": "<APIARY_DONE [^>]*>"}
    if method == "u-boot":
        fields["urls"] = {"kernel": _url(images.kernel, base_url),
                          "initrd": _url(images.initrd, base_url),
                          "dtb": _url(images.dtb, base_url)}
        fields["commands"] = target.own.get("commands", []) + ADDRESS + LOAD
    else:
        program, options, files, arguments = _process(target, images, method)
        fields["urls"] = {name.upper() if method == "fvp" else name:
                          _url(path, base_url)
                          for name, path in files.items()}
        fields["image_args"] = arguments
        if method == "fvp":
            terminal = target.own.get("terminal", "terminal_0")
            fields |= {
                "image": f"/opt/model/{target.own['model']}",
                "docker": target.own.get("docker", "fvp"),
                "console_string": terminal +
                r": Listening for serial connection on port (?P<PORT>\d+)",
                "arguments": options + list(arguments.values())}
    return _environment(TEMPLATES).get_template("job.yaml.jinja2") \
        .render(fields)


# -- the device, for lava-run ----------------------------------------------

def types_folder() -> Path:
    """LAVA's device-type templates."""
    for folder in (INSTALLED, paths.BUILD / "deps" / "lava" / "device-types"):
        if (folder / "base-uboot.jinja2").is_file():
            return folder
    raise LabError("LAVA's device types are not here: "
                   "fixtures/fetch-lava-types")


def device(target: Target, wired: dict[str, Any] | None = None,
           images: Images | None = None) -> str:
    """The device's YAML; a board's with these commands."""
    if target.runner != "lava":
        program, options, _, _ = _process(
            target, images or Images(Path("kernel")), "qemu")
        return _environment(TEMPLATES).get_template(
            "device-process.yaml.jinja2").render(
                command=program, options=options)
    return board_device(target, wired or {})


def variables(target: Target, wired: dict[str, Any]) -> dict[str, Any]:
    """What LAVA's template of the board is filled in with."""
    return {
        "boot_retry": 1, "failure_retry": 1,
        # LAVA puts them into YAML as they are.
        **{name: json.dumps(wired[key]) for name, key in (
            ("connection_command", "connect"),
            ("power_on_command", "power_on"),
            ("power_off_command", "power_off"),
            ("hard_reset_command", "hard_reset")) if key in wired},
        **target.own.get("variables", {}), **wired.get("variables", {})}


def board_device(target: Target, wired: dict[str, Any]) -> str:
    import jinja2

    name = target.own.get("template", target.own["device_type"])
    try:
        return _environment(types_folder()).get_template(
            f"{name}.jinja2").render(variables(target, wired))
    except jinja2.TemplateNotFound:
        raise LabError(f"{target.name}: LAVA has no device type {name}: "
                       f"see `template` in `apiary doctor {target.name}`") \
            from None


def dictionary(target: Target, wired: dict[str, Any]) -> str:
    """The device dictionary that a server is given for the same board."""
    name = target.own.get("template", target.own["device_type"])
    return f"{{% extends '{name}.jinja2' %}}\n" + "".join(
        f"{{% set {key} = {value!r} %}}\n"
        for key, value in variables(target, wired).items())


# -- what LAVA makes of them ------------------------------------------------

def check(job_text: str, device_text: str | None) -> list[str]:
    """What LAVA's own schemas say of job and device, strictly."""
    import yaml

    try:
        from lava_common.schemas import validate as check_job
        from lava_common.schemas.device import validate as check_device
    except ImportError:
        raise LabError("lava_common is not here: ci/deps base lava") from None
    wrong = []
    for what, text, function in (("job", job_text, check_job),
                                 ("device", device_text, check_device)):
        if text is None:
            continue
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            wrong.append(f"{what}: not YAML: {' '.join(str(error).split())}")
            continue
        try:
            function(data)
        except Exception as error:      # voluptuous', of several modules
            at = ".".join(map(str, getattr(error, "path", [])))
            wrong.append(f"{what}: {at}: {getattr(error, 'msg', error)}"
                         if at else f"{what}: {error}")
    return wrong


def resolved(words: list[str]) -> str:
    """A command as a person would type it in the tree."""
    return shlex.join(paths.shown(Path(word)) if word.startswith("/")
                      else word for word in words)
