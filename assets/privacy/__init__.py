"""What becomes of personal data when somebody asks: forgotten, or told to them."""
