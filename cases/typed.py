"""What people and programs type into the acts on a case, checked in one place."""

from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from responsibility.refusals import Invalid

TEXT = 500


def text(value: object, name: str, *, limit: int = TEXT, needed: bool = True) -> str:
    """``value`` without the blanks around it; ``Invalid`` for the field ``name`` if it cannot be kept or is missing."""
    if not isinstance(value, str) or not storable(value):
        raise Invalid("bad_character", _("含有无法保存的字符。"), name)
    if needed and not value.strip():
        raise Invalid("required", _("缺少必填字段。"), name)
    if len(value) > limit:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": limit}, name)
    return value.strip()


def minutes(value: object, ceiling: int) -> int:
    """``value`` as natural minutes, 1 to ``ceiling``; ``Invalid`` for the field ``minutes`` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= ceiling:
        raise Invalid("bad_number", _("请填写 1 至 %(ceiling)d 之间的分钟数。") % {"ceiling": ceiling}, "minutes")
    return value
