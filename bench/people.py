"""The demo people as the doors know them."""

from django.test import Client

from bench.place import HOST
from responsibility import directory, tokens
from responsibility.models import Post, User


def token(username: str) -> dict:
    """The headers with which ``username`` uses the API."""
    return {"Authorization": f"Token {tokens.issue(_user(username))}", "Content-Type": "application/json"}


def browser(username: str) -> Client:
    """A browser in this process in which ``username`` has signed in."""
    client = Client(headers={"host": HOST})
    client.force_login(_user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def cookie(browser: Client) -> dict:
    """The headers that ``browser`` sends to show who has signed in."""
    return {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}


def territory(username: str) -> str:
    """The code of the territory in which ``username`` works."""
    unit = Post.objects.filter(user=_user(username)).values_list("unit", flat=True)[0]
    return next(place.code for place in directory.current().territories.values() if place.unit_id == unit)


def _user(username: str) -> User:
    return User.objects.get(username=username)
