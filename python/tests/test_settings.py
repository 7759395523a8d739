"""Settings: defaults, the bundled file, all faults at once. No torch."""

from pathlib import Path

import pytest

from handloom_train.settings import Settings, SettingsError, load

PRESET = Path(__file__).parents[2] / "presets/train/jgr-p2o.toml"


def test_defaults_are_as_published():
    s = Settings()
    assert (s.schedule.learning_rate, s.schedule.batch, s.schedule.beta1) == (1e-4, 32, 0.5)
    assert (s.schedule.decay_per_epoch, s.schedule.warmup_steps, s.schedule.cooldown_steps) == (0.96, 100, 0)
    assert (s.crop.cube_mm, s.crop.size_px, s.network.stacks, s.loss.huber_delta) == (250, 96, 2, 0.01)


def test_the_bundled_file_is_legal():
    assert load(PRESET).network.name == "jgr-p2o"


def test_changes_on_the_command_line():
    s = load(PRESET, ["schedule.steps=30000", "data.set=/some/where", 'run.precision="bf16"', "run.seed=3"])
    assert (s.schedule.steps, s.data.set, s.run.precision, s.run.seed) == (30000, "/some/where", "bf16", 3)


def faults(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    return str(caught.value)


def test_all_faults_come_at_once_with_place_value_range_and_hint(tmp_path):
    found = faults(
        tmp_path,
        """
        speed = 3
        [schedul]
        [crop]
        cube_mm = 2000
        size = 96
        [schedule]
        learning_rate = nan
        steps = 1.5
        [run]
        precision = "f16"
        [data]
        set = 3
        """,
    )
    assert "mine.toml: 8 faults in the settings" in found
    for part in (
        "`[speed]` is unknown",
        "`[schedul]` is unknown\n  hint: do you mean `schedule`?",
        "`crop.cube_mm` = 2000.0, expected 50 to 1000\n  hint: 250 for adult hands",
        "`crop.size` is unknown\n  hint: do you mean `size_px`?",
        "`schedule.learning_rate` = nan, expected 1e-07 to 1",
        "`schedule.steps` = 1.5, expected a whole number",
        '`run.precision` = \'f16\', expected "f32" or "bf16"',
        "`data.set` = 3, expected a text in quotes",
    ):
        assert part in found
    assert found.count("hint: ") == 8


def test_contradictions(tmp_path):
    found = faults(
        tmp_path,
        "[crop]\nsize_px = 100\ncube_mm = 100\n[schedule]\nsteps = 50\nbatch = 2\n[data]\ntrain = \"\"\n"
        "[augment]\noffset_mm = 20\n[run]\nprocesses = 2\ndevice = \"cuda\"\n",
    )
    for part in ("`crop.size_px` = 100", "`schedule.steps` = 50", "`data.train`", "`augment.offset_mm` = 20", "half of", "cuda"):
        assert part in found


def test_files_that_cannot_be_read(tmp_path):
    assert "not TOML" in faults(tmp_path, "[data\n")
    with pytest.raises(SettingsError, match=r"nowhere\.toml: .*\nhint: "):
        load(tmp_path / "nowhere.toml")
