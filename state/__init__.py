"""What has happened: the machine that walks a dialog, sessions, records and the store."""
