"""How a project hangs together: imports, dead code, history."""
