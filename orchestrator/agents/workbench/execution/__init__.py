"""Running a project's code, on a copy and within limits."""
