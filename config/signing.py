"""Who came in, who did not and who left: noted for the ledger, see ``responsibility/looking.py``.

What a stranger typed as a name is not kept: it may be a password.
"""

from axes.helpers import get_client_ip_address
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from responsibility import looking
from responsibility.looking import Seen
from responsibility.models import User


def _note(request: HttpRequest | None, verb: str, user: User | None, about: User | None = None) -> None:
    if request is None:
        return
    who = user or about
    after = {"address": get_client_ip_address(request) or "", "door": request.path}
    if not any(seen.verb == verb for seen in looking.noted(request)):
        known = (str(who.pk), who.username) if who else ("", "")
        looking.note(request, Seen(verb, "account", *known, after=after, about=who))


@receiver(user_logged_in)
def came_in(sender, request, user, **more) -> None:
    """By password, with a session."""
    _note(request, "session.open", user)


@receiver(user_logged_out)
def left(sender, request, user, **more) -> None:
    """By the button; who lets a session run out leaves nothing."""
    if isinstance(user, User):
        request.witness = user
        _note(request, "session.close", user)


@receiver(user_login_failed)
def stayed_out(sender, credentials, request=None, **more) -> None:
    """Wrong name, wrong password, or locked."""
    _note(request, "session.fail", None, _meant(credentials.get("username")))


@receiver(user_locked_out)
def locked_out(sender, request, username, **more) -> None:
    """After many failures."""
    _note(request, "session.lock", None, _meant(username))


def _meant(username: object) -> User | None:
    known = isinstance(username, str) and 0 < len(username) <= 150 and "\x00" not in username
    return User.objects.filter(username=username).first() if known else None
