"""Installations laid out for one story each, of a few institutions and students, with what came of it."""
