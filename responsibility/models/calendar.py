"""The working calendar: public holidays and adjusted workdays (调休), by year."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarYear(models.Model):
    """A year that has been loaded. A year that has not is a loud error, never a row of ordinary weekdays."""

    year = models.PositiveSmallIntegerField(_("年份"), primary_key=True)
    source = models.TextField(_("来源"), blank=True)

    class Meta:
        ordering = ["year"]
        verbose_name = verbose_name_plural = _("日历年份")

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday, or a weekend day that is worked."""

    date = models.DateField(_("日期"), primary_key=True)
    year = models.ForeignKey(CalendarYear, models.CASCADE, related_name="days", verbose_name=_("年份"))
    working = models.BooleanField(_("调休上班"))

    class Meta:
        ordering = ["date"]
        verbose_name = verbose_name_plural = _("特殊日期")

    def __str__(self) -> str:
        return self.date.isoformat()
