"""What is said and decided: dialogs, rules and law. Pure: no I/O, no clock."""
