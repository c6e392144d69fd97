"""Guards the child processes of tests, which find this file through ``PYTHONPATH``."""

from __future__ import annotations

import os

if "MAGNUS_TEST_NETWORK_LOG" in os.environ:
    from network_guard import install

    install()
