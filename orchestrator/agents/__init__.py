"""What agents are and how they are found."""
