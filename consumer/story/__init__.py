"""What became of a student, in plain sentences with their evidence."""
