"""Reading details: one request a record, what comes of it, and how complete a day is by it."""
