"""What is erased, left out or kept bare of people who have been forgotten."""
