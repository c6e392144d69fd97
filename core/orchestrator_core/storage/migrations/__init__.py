"""The statements of each schema version. One that has shipped is never edited."""
