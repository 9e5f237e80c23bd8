"""What a command works with: the settings, the store, the desk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.settings import Settings
    from state.store import Store


def settings_of(ctx: click.Context, **instead: str) -> Settings:
    """The settings that a command was given; their secrets are said by this process no more.

    :param ctx: the command's context; the flags of ``lots`` itself are its object.
    :param instead: flags that the command sets itself.
    :returns: the settings.
    :raises BadSettings: one of them is wrong.
    """
    from bot import logs
    from bot.hushed import keep_secret
    from bot.settings import load

    logs.silence()
    settings = load(os.environ, **{**ctx.obj, **instead})
    token = settings.token
    keep_secret(token, (token or "").partition(":")[2], settings.webhook_secret, settings.transfer.drop_token)
    return settings


def key_of(settings: Settings) -> bytes:
    """The key of an installation's store, which is said by this process no more.

    :param settings: the installation.
    :returns: 32 bytes.
    :raises BadSettings: the key is gone, or no key.
    :raises StoreError: a change of keys that was cut off cannot be carried out now.
    """
    from bot.hushed import keep_secret
    from bot.settings import read_key

    key = read_key(settings.key_file, settings.database)
    keep_secret(key.hex())
    return key


@contextmanager
def store_of(settings: Settings) -> Iterator[Store]:
    """The store of an installation, open while the block runs.

    :param settings: the installation.
    :returns: the store.
    :raises BadSettings: the key is gone, or no key.
    :raises StoreError: the store cannot be opened.
    """
    from state.store import Store

    store = Store(settings.database, key_of(settings))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def desk_of(settings: Settings) -> Iterator[Desk]:
    """The desk of an installation, with its store.

    :param settings: the installation.
    :returns: the desk.
    """
    from bot.desk import Desk
    from dialogs.registry import DIALOGS

    with store_of(settings) as store:
        pins = None
        if settings.mode == "chatt":
            from bot.lock import tell
            from bot.pins import Pins

            pins = Pins(store, settings.web_rules, settings.now, tell)
        yield Desk(
            store,
            DIALOGS,
            policy=settings.policy,
            practice=settings.practice,
            now=settings.now,
            keep_log_years=settings.access.keep_years,
            pins=pins,
        )
