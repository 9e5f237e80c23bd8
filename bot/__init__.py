"""The running program and its doors: command line, desk, channels, guard."""
