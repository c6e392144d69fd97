"""The guide's table holds every setting with its default, and none that is gone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from orchestrator_core.configuration.sources import load_settings

GUIDE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_guide_lists_every_setting_with_its_default(tmp_path: Path) -> None:
    loaded = load_settings(start=tmp_path, environ={})
    expected = {key: json.dumps(origin.value) for key, origin in loaded.origins.items()}
    written = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \| \S", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert written == {key: value for key, value in expected.items() if key != "features"}


def test_the_guides_example_is_accepted(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "orchestrator.toml").write_text(block)
    settings = load_settings(start=tmp_path, environ={}).settings
    assert settings.features["reports"].stages == {"judge": False}
    assert settings.agents.modules == ("my_project.agents",)
