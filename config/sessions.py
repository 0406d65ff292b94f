"""Sessions in the database; a cookie that could not be one of our keys is no session, instead of a failure there."""

from django.contrib.sessions.backends import db

LONGEST = 40  # of the column


class SessionStore(db.SessionStore):
    """As the parent, but for keys that were never ours."""

    def _validate_session_key(self, key):
        return super()._validate_session_key(key) and len(key) <= LONGEST and key.isascii() and key.isalnum()
