"""The version of Magnus."""

VERSION = "0.1.0"
