"""`python -m handloom_train SETTINGS.toml`: trains, or goes on with, what a settings file describes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .settings import SettingsError, load
from .shards import DataError


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m handloom_train", description=__doc__)
    parser.add_argument("settings", type=Path, help="a TOML file such as presets/train/jgr-p2o.toml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="changes a setting; may be repeated"
    )
    parser.add_argument("--test-only", action="store_true", help="score the best model so far on the test split")
    arguments = parser.parse_args()
    try:
        settings = load(arguments.settings, arguments.set)
        try:
            from .team import together
            from .train import Training, hands, train
        except ModuleNotFoundError as error:
            print(f"{error}\nhint: pip install -e python[export]", file=sys.stderr)
            return 2
        for split in filter(None, (settings.data.train, settings.data.validation, settings.data.test)):
            hands(settings, split)
        if not arguments.test_only:
            together(settings.run.processes, train, settings)
        training = Training(settings)
        if settings.data.test and training.best_mm < float("inf"):
            found = training.test()
            print(f"test: {found.mean_mm:.2f} mm on {found.hands} hands")
            print(json.dumps(vars(found)))
    except (SettingsError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
