from collections.abc import Iterator
from datetime import datetime
from typing import IO

class Alignment:
    wrap_text: bool | None

class Cell:
    value: str | int | float | bool | None
    data_type: str
    alignment: Alignment

class Filter:
    ref: str | None

class Properties:
    created: datetime | None
    title: str | None

class Worksheet:
    title: str
    freeze_panes: str | None
    auto_filter: Filter
    rows: Iterator[tuple[Cell, ...]]

class Workbook:
    active: Worksheet
    properties: Properties
    sheetnames: list[str]

def load_workbook(filename: IO[bytes]) -> Workbook: ...
