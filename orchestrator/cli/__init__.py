"""The command line ``orchestrate``: one file a command or group, each imported when it is used."""
