"""Months of the ledger into files and back; what was proved of them stays provable. Rows of it change nowhere else."""
