"""Entries of whatever chains, given to an outsider with their proofs: what a question of the desk found."""
