"""证据包: what was written down of one case, given to an outsider so that he can check it without us."""
