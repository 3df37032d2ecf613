"""What people configure: accounts.toml, secrets, the home folder."""
