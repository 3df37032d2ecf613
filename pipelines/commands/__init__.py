"""What the commands of `callhouse` do, one module a command, and what they share."""
