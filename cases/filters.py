"""What a list of cases may be narrowed by, for the page and for the API alike."""

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from django_filters.widgets import BooleanWidget

from cases import fivefold
from cases.models import Case, Loop, Party, State
from responsibility import clock
from responsibility.models import Grade


class Whether(BooleanWidget):
    """True or false as the API writes them; whatever else was given is left for the field to refuse."""

    def value_from_datadict(self, data, files, name):
        """What was given: true, false, nothing, or a word that is neither."""
        read = super().value_from_datadict(data, files, name)
        return read if read is not None else data.get(name)


class WhetherField(forms.NullBooleanField):
    """Nothing, true or false; not what is neither, which Django would take for nothing."""

    def clean(self, value):
        """True, false or none; ``ValidationError`` otherwise."""
        if value not in (None, "", True, False):
            raise forms.ValidationError(_("应为 true 或 false。"), code="invalid")
        return super().clean(value)


class WhetherFilter(filters.BooleanFilter):
    """Narrows by what holds or does not, and refuses what says neither."""

    field_class = WhetherField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, widget=Whether, **kwargs)


class CaseFilter(filters.FilterSet):
    """``state``, ``loop``, ``grade``; ``unit``, ``territory``, ``category`` by code; ``overdue`` true or false; ``q``.

    ``vacant`` is a duty that nobody fills (``leader``, ``territory``, ``supervision``, ``lead``, ``business``,
    ``main_body``), of filed cases.
    ``drill`` true shows drills alone, false leaves them out.
    ``q`` is the beginning of a case number, a whole object code, or words of the title.
    """

    state = filters.ChoiceFilter(choices=State.choices, label=_("状态"))
    loop = filters.ChoiceFilter(choices=Loop.choices, label=_("闭环层级"))
    grade = filters.ChoiceFilter(choices=Grade.choices, label=_("颜色"))
    unit = filters.CharFilter(method="engaged", max_length=64, label=_("参与单位代码"))
    territory = filters.CharFilter("territory__code", max_length=64, label=_("属地代码"))
    category = filters.CharFilter("category_code", max_length=200, label=_("类别代码"))
    overdue = WhetherFilter(method="late", label=_("是否超时"))
    vacant = filters.ChoiceFilter(
        method="empty", choices=[(duty.code, duty.label) for duty in fivefold.DUTIES], label=_("空缺的责任")
    )
    drill = WhetherFilter("drill", "isnull", exclude=True, label=_("是否演练"))
    q = filters.CharFilter(method="words", max_length=100, label=_("编号、监测对象代码或标题"))

    class Meta:
        model = Case
        fields: list[str] = []

    def engaged(self, queryset, name, value):
        """Cases in which the unit with this code is engaged now."""
        parties = Party.objects.filter(case=OuterRef("pk"), unit__code=value, until__isnull=True)
        return queryset.filter(Exists(parties))

    def late(self, queryset, name, value):
        """Open cases with a running deadline that has passed, or those without one."""
        late = Q(due_at__lt=clock.now())
        return queryset.open().filter(late if value else ~late | Q(due_at__isnull=True))

    def empty(self, queryset, name, value):
        """Filed cases in which nobody fills the duty."""
        return queryset.filter(~Q(fivefold.Filled(value)), filed_at__isnull=False)

    def words(self, queryset, name, value):
        """All three ways of asking have an index: the number's prefix, the object's code, the title's trigrams."""
        return queryset.filter(Q(number__startswith=value.upper()) | Q(object_code=value) | Q(title__contains=value))
