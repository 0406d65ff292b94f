"""What every page knows."""

from functools import partial

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from notices import inbox
from responsibility import acting
from responsibility.models import District, User


def district(request) -> dict:
    """The district's name, whether this is a demo, and who looks, also for pages that say that something is not there.

    ``actor`` is read only where a view has not given one.
    """
    user = getattr(request, "user", None)
    actor = SimpleLazyObject(partial(acting.of, user)) if user and user.is_authenticated else None
    unread = partial(inbox.unread, user) if isinstance(user, User) else 0
    return {"unread": unread, "district": District.objects.first(), "demo": settings.DEMO, "actor": actor}
