"""PostgreSQL and a Redis-protocol server for a machine where neither is installed.

Standard library only at import time, and no Django, because `config.settings` reads `paths`.
Production sets `DATABASE_URL` and `REDIS_URL`; then nothing here starts anything.
"""
