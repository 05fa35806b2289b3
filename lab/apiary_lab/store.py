"""Keeps results: one JSON file a run, checked on the way in and out.

A file is there whole or not at all; one that is damaged is reported and
skipped, never a reason to stop. Must not know how figures are obtained.

SPDX-License-Identifier: BSD-2-Clause
"""
import functools
import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError

FORMAT = "apiary-result-1"


@functools.cache
def _validator(schema: Path) -> Any:
    """Of many results, the schema itself is looked at once."""
    import jsonschema

    return jsonschema.Draft7Validator(json.loads(schema.read_text()))


def check(result: Any) -> str:
    """"" if the result is as the schema says, else what is wrong."""
    from jsonschema.exceptions import best_match

    error = best_match(_validator(
        paths.RESULTS / "schema.json").iter_errors(result))
    if error is not None:
        where = ".".join(str(step) for step in error.absolute_path) or "file"
        return f"{where}: {error.message}"
    for name, bench in result["benchmarks"].items():
        if sum(count for _, count in bench["bins"]) != bench["n"]:
            return f"benchmarks.{name}: bins do not add up to n"
    return ""


def write(path: Path, result: dict[str, Any]) -> None:
    """Stores a result: all of it, or nothing and an error."""
    wrong = check(result)
    if wrong:
        raise LabError(f"result not stored: {wrong}")
    write_text(path, json.dumps(result, indent=1, sort_keys=True) + "\n")


def log_path(path: Path) -> Path:
    """Where the console of the run of this result is kept."""
    return path.with_suffix(".log.gz")


def write_log(path: Path, text: str) -> None:
    """Stores the console of a run beside the place of its result."""
    # Of the same log always the same file.
    write_bytes(log_path(path), gzip.compress(text.encode(), mtime=0))


def read_log(path: Path) -> str | None:
    """The console of a run; None where none was kept, or it is damaged."""
    try:
        return gzip.decompress(log_path(path).read_bytes()).decode(
            errors="replace")
    except (OSError, EOFError, zlib.error):
        return None


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError as error:
        if part is not None and os.path.exists(part):
            os.unlink(part)
        raise LabError(f"cannot write {paths.shown(path)}: "
                       f"{error.strerror}; nothing was stored") from None


def read(path: Path) -> dict[str, Any]:
    """One stored result."""
    try:
        result = json.loads(path.read_text())
    except OSError as error:
        raise LabError(f"{paths.shown(path)}: {error.strerror}") from None
    except ValueError as error:
        raise LabError(f"{paths.shown(path)}: damaged: {error}") from None
    form = result.get("format") if isinstance(result, dict) else None
    if isinstance(form, str) and form != FORMAT and \
            form.startswith("apiary-result-"):
        raise LabError(f"{paths.shown(path)}: has format {form}, this "
                       f"apiary reads {FORMAT}: was it made by a newer one?")
    wrong = check(result)
    if wrong:
        raise LabError(f"{paths.shown(path)}: damaged: {wrong}")
    return result


def recorded_path(config: str) -> Path:
    return paths.RESULTS / "recorded" / f"{config}.json"


def run_path(config: str, time: str, commit: str) -> Path:
    """results/runs/<config>/<UTC time>-<commit>.json, with a number behind
    if another run of that second is there."""
    stamp = time.replace("-", "").replace(":", "")
    stem = paths.RESULTS / "runs" / config / f"{stamp}-{commit[:12]}"
    path, number = Path(f"{stem}.json"), 1
    while path.exists():
        number += 1
        path = Path(f"{stem}-{number}.json")
    return path


def recorded(config: str, report: Callable[[str], None]) \
        -> dict[str, Any] | None:
    """What new figures are held against: the recorded result, else the
    newest run that can be read; None when there is neither."""
    candidates = [recorded_path(config)]
    runs = paths.RESULTS / "runs" / config
    if runs.is_dir():
        candidates += sorted(runs.glob("*.json"), reverse=True)
    for path in candidates:
        if not path.is_file():
            continue
        try:
            return read(path)
        except LabError as error:
            report(f"{error}; skipped")
    return None
