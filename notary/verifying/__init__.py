"""Whether the ledger is whole: its chains, its places in the tree, the tree, and what was signed of it."""
