"""Commands of the command line that have a file of their own; each imports what is heavy when it runs."""

from bot.commands.access_log import access_log
from bot.commands.backup import backup, restore
from bot.commands.export import export
from bot.commands.invitations import invitations
from bot.commands.keys import keys
from bot.commands.members import members
from bot.commands.purge import purge
from bot.commands.receiver import open_, receipt, receive
from bot.commands.records import records

EVERY = (records, export, open_, receipt, receive, purge, backup, restore, keys, invitations, access_log, members)
