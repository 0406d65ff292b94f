"""What every page knows."""

from django.conf import settings

from responsibility.models import District


def district(request) -> dict:
    """The district's name and whether this is a demo, for the head of the page."""
    return {"district": District.objects.first(), "demo": settings.DEMO}
