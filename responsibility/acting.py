"""Who acts: a named person with the posts held at this instant, or the system itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from responsibility import clock
from responsibility.models import Post, User

_request_id: ContextVar[str] = ContextVar("request_id", default="")


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Tie ledger entries written inside the block to one request."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def request_id() -> str:
    """The id of the present request, or an empty text outside one."""
    return _request_id.get()


@dataclass(frozen=True)
class Actor:
    """A person and the posts held now. ``user`` is ``None`` for the system only."""

    user: User | None
    posts: tuple[Post, ...] = field(default=())

    @property
    def is_system(self) -> bool:
        return self.user is None

    @property
    def roles(self) -> set[str]:
        return {post.role for post in self.posts}

    @property
    def unit_ids(self) -> set[int]:
        return {post.unit_id for post in self.posts}

    def post_in(self, unit_ids: set[int], roles: set[str] | None = None) -> Post | None:
        """The first post held in one of ``unit_ids`` with one of ``roles`` (any role when ``None``)."""
        for post in self.posts:
            if post.unit_id in unit_ids and (roles is None or post.role in roles):
                return post
        return None

    def post_as(self, roles: set[str]) -> Post | None:
        """The first post held with one of ``roles``, in whatever unit."""
        return next((post for post in self.posts if post.role in roles), None)

    @property
    def label(self) -> str:
        return str(self.user) if self.user else "system"


# A named sentinel: a view that forgets its user must not become the system.
SYSTEM = Actor(user=None)


def person(user: AbstractBaseUser | AnonymousUser) -> User:
    """``user`` as a person of ours; ``PermissionDenied`` for nobody."""
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def of(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """The actor for ``user``, with the posts that hold at this instant. One query; ``PermissionDenied`` for nobody."""
    known = person(user)
    if not known.is_active:
        return Actor(user=known)
    return Actor(user=known, posts=tuple(Post.objects.held(clock.now()).filter(user=known).select_related("unit")))
