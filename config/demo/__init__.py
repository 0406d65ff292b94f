"""A district to try: people, a source, a day of work behind it, and a way to drive it.

Everything here goes through the same actions and the same API as real work; it is refused outside demo mode.
"""
