"""What a question says about time, and how well the date of a memory fits it."""
