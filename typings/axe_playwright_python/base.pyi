from typing import Any

# The package ships without types: as much of it as the tests use.
AXE_SCRIPT: str

class AxeResults:
    def __init__(self, response: dict[str, Any]) -> None: ...
    @property
    def violations_count(self) -> int: ...
    def generate_report(self, violation_id: str | None = ...) -> str: ...
