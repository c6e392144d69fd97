"""What a project declares and what it uses."""
