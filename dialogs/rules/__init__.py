"""The rules: pure functions named as sentences, each citing the rule ids it applies."""
