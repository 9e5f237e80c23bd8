"""What a form of ours carries, and where its answer leads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

FORM_SECONDS = 30.0
"""How long a form may take to come, once its first line has."""


async def form_of(request: web.Request) -> Mapping[str, Any]:
    """What a form carries, sent as our own forms are: in a stranger's alphabet it could take minutes to read.

    :param request: a post.
    :returns: the fields by name.
    :raises HTTPBadRequest: it is in parts, in another alphabet, packed or broken, or does not come to an end.
    """
    if request.content_type.startswith("multipart/") or "Content-Encoding" in request.headers:
        raise web.HTTPBadRequest
    if (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPBadRequest
    try:
        async with asyncio.timeout(FORM_SECONDS):
            return await request.post()
    except (ValueError, TimeoutError, web.RequestPayloadError):
        raise web.HTTPBadRequest from None


def text_of(field: object) -> str:
    """A field of a form as text.

    :param field: what came under its name.
    :returns: the text; nothing where it is missing, or a file.
    """
    return field if isinstance(field, str) else ""


def number_of(field: object) -> int | None:
    """A number that a form of ours carries.

    :param field: what came under its name.
    :returns: the number; ``None`` where it is none of ours.
    """
    return (
        int(field)
        if isinstance(field, str) and field.isdecimal() and len(field) < 20 and int(field) < 1 << 62
        else None
    )


def to_page(path: str) -> web.Response:
    """Go on to a page, by GET.

    :param path: where to.
    :returns: the answer.
    """
    return web.Response(status=303, headers={"Location": path})
