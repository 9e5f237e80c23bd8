from typing import Any

# The package ships without types: as much of it as the tests use.
class AxeResults:
    response: dict[str, Any]

    @property
    def violations_count(self) -> int: ...
    def generate_report(self, violation_id: str | None = ...) -> str: ...
