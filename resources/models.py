"""What the district can send: stations, and the teams, equipment and materials that stand there."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from responsibility import soundness
from responsibility.models import Category, Unit
from responsibility.models.district import Named, by_language


class Third(models.TextChoices):
    """The three parts of a kit; with one of them missing the other two stand idle."""

    PEOPLE = "people", _("人员力量")
    EQUIPMENT = "equipment", _("装备")
    MATERIAL = "material", _("物资")


class Capability(Named):
    """能力: what a kit asks for and a resource gives, such as drivers, pumps or sandbags, with its measure."""

    third = models.CharField(_("类别"), max_length=10, choices=Third)
    measure = models.CharField(_("计量单位"), max_length=20)
    measure_en = models.CharField(_("计量单位（英文）"), max_length=20, blank=True)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("应急能力")

    @property
    def measured(self) -> str:
        return by_language(self.measure, self.measure_en)


class KitLine(models.Model):
    """配置: how much of a capability a case of the category needs."""

    category = models.ForeignKey(Category, models.PROTECT, related_name="kit", verbose_name=_("风险类别"))
    capability = models.ForeignKey(Capability, models.PROTECT, related_name="+", verbose_name=_("应急能力"))
    quantity = models.PositiveIntegerField(_("数量"))
    source = models.TextField(_("来源"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("资源配置")
        ordering = ["category", "id"]
        constraints = [
            models.UniqueConstraint(fields=["category", "capability"], name="kit_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="kit_line_asks_for_some"),
        ]

    def __str__(self) -> str:
        return f"{self.category} · {self.capability} × {self.quantity}"


class Station(Named):
    """站点: where resources stand, and the unit that keeps them."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("所属单位"))
    lat = models.FloatField(_("纬度"))
    lon = models.FloatField(_("经度"))
    phone = models.CharField(_("值班电话"), max_length=40, blank=True)
    demo = models.BooleanField(_("演示数据"), default=False)
    source = models.TextField(_("来源"), blank=True)

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("站点")

    def faults(self) -> dict:
        return soundness.of_place(self)


class ResourceKind(models.TextChoices):
    """What sort of thing it is. Teams and equipment are one each, material is counted."""

    TEAM = "team", _("队伍")
    EQUIPMENT = "equipment", _("装备")
    MATERIAL = "material", _("物资")


class ResourceQuerySet(models.QuerySet):
    """Resources by what can be done with them now."""

    def free(self):
        """Ready, and not promised to anybody."""
        return self.filter(ready=True, reserved__lt=F("stock"))


class Resource(Named):
    """应急资源: a team, a piece of equipment, or a material at a station.

    ``stock`` is how many there are, ``reserved`` how many of them are promised to cases. A trigger of the case's
    dispatches moves ``reserved`` and nothing else may; the database holds ``reserved`` between nothing and ``stock``,
    so that no unit of stock is promised twice.
    """

    kind = models.CharField(_("类别"), max_length=10, choices=ResourceKind)
    station = models.ForeignKey(Station, models.PROTECT, related_name="resources", verbose_name=_("站点"))
    capabilities = models.ManyToManyField(Capability, through="Offer", verbose_name=_("应急能力"))
    stock = models.PositiveIntegerField(_("库存"), default=1)
    reserved = models.PositiveIntegerField(_("已调"), default=0)
    ready = models.BooleanField(_("可出动"), default=True)
    demo = models.BooleanField(_("演示数据"), default=False)
    source = models.TextField(_("来源"), blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta(Named.Meta):
        verbose_name = verbose_name_plural = _("应急资源")
        constraints = [
            models.CheckConstraint(condition=Q(reserved__lte=F("stock")), name="resource_promised_once"),
            models.CheckConstraint(condition=Q(kind="material") | Q(stock__lte=1), name="resource_counted_if_material"),
        ]

    # What the same drill has sent of it already. A drill takes nothing from the stock; whoever asks for one sets it.
    in_drill = 0

    @property
    def free(self) -> int:
        """How many can be promised now."""
        return max(0, self.stock - self.reserved - self.in_drill) if self.ready else 0

    @property
    def measured(self) -> str:
        """In what it is counted."""
        offer = next(iter(self.offers.all()), None)
        return offer.capability.measured if offer and self.kind == ResourceKind.MATERIAL else ""


class Offer(models.Model):
    """What one unit of a resource gives: a team several drivers and fitters, a pump one pump."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="offers", verbose_name=_("应急资源"))
    capability = models.ForeignKey(Capability, models.PROTECT, related_name="offers", verbose_name=_("应急能力"))
    number = models.PositiveIntegerField(_("数量"), default=1)

    class Meta:
        verbose_name = verbose_name_plural = _("资源能力")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["resource", "capability"], name="offer_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="offer_gives_some"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} · {self.capability} × {self.number}"
