from typing import Any

from axe_playwright_python.base import AxeResults
from playwright.async_api import Page

class Axe:
    async def run(self, page: Page, context: str | None = ..., options: dict[str, Any] | None = ...) -> AxeResults: ...
