"""No socket but to this machine: inside calls, in Magnus's workers, and everywhere where that is asked for."""
