"""The hand-over to the case system: bundles, receipts, purging, backups (``docs/overforing.md`` is the format)."""
