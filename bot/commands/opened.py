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


def settings_of(ctx: click.Context) -> Settings:
    """The settings that a command was given.

    :param ctx: the command's context; the flags of ``lots`` itself are its object.
    :returns: the settings.
    :raises BadSettings: one of them is wrong.
    """
    from bot.settings import load

    return load(os.environ, **ctx.obj)


@contextmanager
def store_of(settings: Settings) -> Iterator[Store]:
    """The store of an installation, open while the block runs.

    :param settings: the installation.
    :returns: the store.
    :raises BadSettings: the key is gone, or no key.
    :raises StoreError: the store cannot be opened.
    """
    from bot.settings import read_key
    from state.store import Store

    store = Store(settings.database, read_key(settings.key_file, settings.database))
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
        yield Desk(store, DIALOGS, policy=settings.policy, practice=settings.practice, now=settings.now)
