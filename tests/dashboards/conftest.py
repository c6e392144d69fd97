from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from seeded_calls import NOW, ZONE, SeededCalls

from orchestrator_core.settings import DashboardSettings
from orchestrator_dashboards.writer import build_dashboards

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[SeededCalls]:
    made = SeededCalls(tmp_path / "store" / "orchestrator.db")
    yield made
    made.database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "dashboards"


@pytest.fixture
def write(calls: SeededCalls, folder: Path) -> Any:
    """Write a page of the seeded calls and return the file's path."""

    def written(*, hours: float = 24.0, now: float = NOW, version: str = "0.1.0") -> Path:
        made = build_dashboards(calls.database, folder, DashboardSettings(), version=version, zone=ZONE)
        return made.write(hours=hours, now=now)

    return written


def _browsers() -> Iterator[str]:
    names = (
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
        "msedge",
        "microsoft-edge",
    )
    yield from filter(None, map(shutil.which, names))
    programs = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        *(rf"{root}\Google\Chrome\Application\chrome.exe" for root in programs if root),
        *(rf"{root}\Microsoft\Edge\Application\msedge.exe" for root in programs if root),
    ]
    yield from (place for place in places if Path(place).is_file())


# Of a module, not of the session: while Playwright runs, its event loop counts as this thread's running one, and tests
# elsewhere that call asyncio.run() would fail.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(_browsers(), None)
    if executable is None:
        pytest.skip("no Chromium, Chrome or Edge found; install one (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Any]:
    """Open a file in a browser without network; what it asked for and complained of is in ``page.seen``.

    At the test's end any console message, script error, refused resource or request but the file's own is a failure.
    """
    contexts: list[BrowserContext] = []
    seen: list[str] = []

    def opened(path: Path, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        own = path.resolve().as_uri()
        page.on("console", lambda message: seen.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"script error: {error}"))
        page.on("requestfailed", lambda request: seen.append(f"request failed: {request.url}"))
        page.on(
            "request",
            lambda request: seen.append(f"request: {request.url}") if request.url.split("#")[0] != own else None,
        )
        page.goto(own)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert seen == []
