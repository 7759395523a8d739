"""Settings of a training: the TOML file, checked as a whole.

Every fault is reported at once, each with file, key, value, what is allowed and a hint.
"""

from __future__ import annotations

import dataclasses
import difflib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class SettingsError(Exception):
    """All faults of a settings file."""


def key(default: Any, low: float | None = None, high: float | None = None, one_of: tuple = (), hint: str = "") -> Any:
    """A setting with a default and what is allowed."""
    return field(default=default, metadata={"low": low, "high": high, "one_of": one_of, "hint": hint})


@dataclass(frozen=True)
class DataSettings:
    """What is learned from."""

    # folder of a dataset of `handloom generate` with `format = "tar"` and `depth = "png"`
    set: str = key("out/jgr", hint="the folder that `handloom generate presets/jgr.toml` wrote")
    # splits to learn from, to choose the best model with, and to score that model on at the end ("" for none)
    train: str = key("train")
    validation: str = key("validation")
    test: str = key("test")
    # folder for decoded hands, about 80 kB each at 320 x 240 pixels
    cache: str = key("out/jgr-cache", hint="a folder on a fast disk, best one that fits into memory")
    # processes that fill the cache
    workers: int = key(2, 1, 256, hint="number of processor cores")


@dataclass(frozen=True)
class CropSettings:
    """The cube around the hand, as `handloom crop` and the tracker cut it."""

    # edge, millimetres
    cube_mm: float = key(250.0, 50, 1000, hint="250 for adult hands, 175 for the hand alone")
    # columns and rows of a crop
    size_px: int = key(96, 32, 512, hint="a multiple of 32, as the network halves it five times")
    # passes that move the centre to the mean of the points inside the cube
    passes: int = key(2, 0, 10)
    # show the network left hands as right ones
    mirror_left: bool = key(True)


@dataclass(frozen=True)
class AugmentSettings:
    """Limits of one of offset, turn, scale or none for each sample; 0 turns a kind off."""

    # of the cube's centre, each axis: normal with this sigma, clipped at it
    offset_mm: float = key(10.0, 0, 20)
    # in the picture, either way
    turn_deg: float = key(180.0, 0, 180)
    # of the cube's edge: normal with half of this as sigma, clipped at it
    scale: float = key(0.1, 0, 0.3)


@dataclass(frozen=True)
class NetworkSettings:
    """Which network."""

    name: str = key("jgr-p2o", one_of=("jgr-p2o",), hint="add yours to networks/ and to `NETWORKS` in networks/__init__.py")
    # hourglasses in a row; the last one's answer counts
    stacks: int = key(2, 1, 4)
    # of all features at a quarter of the crop's size
    channels: int = key(128, 16, 512)


@dataclass(frozen=True)
class LossSettings:
    """Loss of JGR-P2O."""

    # where Huber's loss turns from square to linear; in u, v, z
    huber_delta: float = key(0.01, 1e-4, 10)
    # of the pixels' offsets, against the coordinates
    offsets: float = key(1e-4, 0, 1)


@dataclass(frozen=True)
class ScheduleSettings:
    """Adam and its learning rate: warm-up, decay per epoch, and a last part that falls to zero in a straight line."""

    # of `batch` samples each
    steps: int = key(130_000, 1, 100_000_000)
    batch: int = key(32, 2, 4096, hint="batch norm wants 16 or more")
    learning_rate: float = key(1e-4, 1e-7, 1, hint="1e-4 as published; 1e-3 learns faster")
    # from a third of the learning rate
    warmup_steps: int = key(100, 0, 1_000_000)
    # the learning rate's factor after every epoch
    decay_per_epoch: float = key(0.96, 0.01, 1)
    # last steps, in which the learning rate falls to zero
    cooldown_steps: int = key(0, 0, 100_000_000)
    beta1: float = key(0.5, 0, 0.999)
    # L2 of kernels and of batch norms' gains
    l2: float = key(5e-5, 0, 1)


@dataclass(frozen=True)
class RunSettings:
    """Where and how the training runs."""

    # checkpoint, curves and model
    folder: str = key("out/train/jgr-p2o")
    seed: int = key(0, 0, 2**31)
    # processes that share each batch, and threads of each: on a processor, more processes do better than more threads
    processes: int = key(1, 1, 64, hint="number of processor cores; 1 on a CUDA device")
    threads: int = key(1, 1, 256, hint="1 where `processes` uses all cores")
    # what convolutions compute in while training; bf16 is twice as fast where the processor has AMX, slower elsewhere
    precision: str = key("f32", one_of=("f32", "bf16"))
    # a CUDA device for those who have one
    device: str = key("cpu", one_of=("cpu", "cuda"))
    # steps between two validations, each of which keeps the best model
    validate_every: int = key(2000, 1, 100_000_000)
    checkpoint_every: int = key(200, 1, 100_000_000)


@dataclass(frozen=True)
class Settings:
    """The whole file."""

    data: DataSettings = DataSettings()
    crop: CropSettings = CropSettings()
    augment: AugmentSettings = AugmentSettings()
    network: NetworkSettings = NetworkSettings()
    loss: LossSettings = LossSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    run: RunSettings = RunSettings()

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Tables of the file."""
        return dataclasses.asdict(self)


def load(path: Path, changes: list[str] = []) -> Settings:
    """A settings file with changes of the form `table.key=value` (TOML values; bare words are strings)."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}\nhint: try presets/train/jgr-p2o.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}\nhint: tables look like `[data]`, keys like `set = \"out/jgr\"`") from error
    for change in changes:
        name, _, value = change.partition("=")
        table, _, name = name.partition(".")
        try:
            parsed = tomllib.loads(f"v = {value}")["v"]
        except tomllib.TOMLDecodeError:
            parsed = value
        tables.setdefault(table, {})[name] = parsed
    return from_tables(tables, str(path))


def from_tables(tables: dict[str, Any], origin: str) -> Settings:
    """Settings from a parsed file; `origin` is named in errors."""
    faults: list[str] = []
    parts = {}
    types = get_type_hints(Settings)
    for name, value in tables.items():
        if name not in types:
            faults.append(f"{origin}: `[{name}]` is unknown\n  hint: {nearest(name, types)}")
        elif not isinstance(value, dict):
            faults.append(f"{origin}: `{name}` = {value!r}, expected a table `[{name}]`\n  hint: write its keys below `[{name}]`")
        else:
            parts[name] = table_from(types[name], name, value, origin, faults)
    if not faults:
        settings = Settings(**parts)
        faults += [f"{origin}: {fault}" for fault in contradictions(settings)]
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise SettingsError("\n".join([f"{origin}: {count} in the settings", *faults]))
    return settings


def table_from(kind: type, table: str, values: dict[str, Any], origin: str, faults: list[str]) -> Any:
    """One table; faults are added to the list."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    types = get_type_hints(kind)
    good = {}
    for name, value in values.items():
        if name not in fields:
            faults.append(f"{origin}: `{table}.{name}` is unknown\n  hint: {nearest(name, fields)}")
            continue
        wanted, meta = types[name], fields[name].metadata
        if wanted is float and type(value) is int:
            value = float(value)
        fault = fault_of(value, wanted, meta)
        if fault:
            hint = meta["hint"] or f"leave it out for {fields[name].default!r}"
            faults.append(f"{origin}: `{table}.{name}` = {value!r}, expected {fault}\n  hint: {hint}")
        else:
            good[name] = value
    return kind(**good)


def fault_of(value: Any, wanted: type, meta: Any) -> str | None:
    """What was expected of a value that is not allowed."""
    if type(value) is not wanted:
        return {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}[wanted]
    if meta["one_of"] and value not in meta["one_of"]:
        return " or ".join(f'"{v}"' for v in meta["one_of"])
    low, high = meta["low"], meta["high"]
    # written so that NaN is a fault
    if low is not None and not low <= value <= high:
        return f"{low:g} to {high:g}"
    return None


def contradictions(s: Settings) -> list[str]:
    """Settings that are legal each, but not together."""
    found = []
    if s.crop.size_px % 32:
        found.append(f"`crop.size_px` = {s.crop.size_px}, expected a multiple of 32\n  hint: 96 as published")
    last = s.schedule.warmup_steps + s.schedule.cooldown_steps
    if last > s.schedule.steps:
        found.append(
            f"`schedule.warmup_steps` + `schedule.cooldown_steps` = {last}, expected at most `schedule.steps` = {s.schedule.steps}\n"
            "  hint: a third of the steps is a good cooldown"
        )
    if not s.data.train or not s.data.validation:
        found.append("`data.train` and `data.validation` must name splits\n  hint: \"train\" and \"validation\" in presets/jgr.toml")
    if s.run.processes * 2 > s.schedule.batch:
        found.append(
            f"`run.processes` = {s.run.processes}, expected at most half of `schedule.batch` = {s.schedule.batch}\n"
            "  hint: batch norm wants 8 or more samples in each process"
        )
    if s.run.processes > 1 and s.run.device != "cpu":
        found.append(f"`run.processes` = {s.run.processes}, expected 1 with `run.device` = \"{s.run.device}\"\n  hint: leave it out")
    if 2 * s.augment.offset_mm > 0.3 * s.crop.cube_mm:
        found.append(
            f"`augment.offset_mm` = {s.augment.offset_mm:g}, expected at most 15 % of `crop.cube_mm` = {s.crop.cube_mm:g}\n"
            "  hint: the cache holds no more of the picture"
        )
    return found


def nearest(name: str, known: Any) -> str:
    """A hint for a name that is not known."""
    close = difflib.get_close_matches(name, list(known), 1)
    return f"do you mean `{close[0]}`?" if close else f"known are {', '.join(f'`{k}`' for k in known)}"
