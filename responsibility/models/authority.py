"""What a tier may do, as data: facts 2.3, authority."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from responsibility.models.district import UnitKind, by_language


class Power(models.TextChoices):
    """One thing that a body may be asked to do."""

    REPORT = "report", _("报告")
    FIRST_ACTION = "first_action", _("先期处置")
    DISSUADE = "dissuade", _("劝阻")
    ASSIST = "assist", _("配合")
    ORDER = "order", _("责令整改")
    ENFORCE = "enforce", _("行政执法")
    URGE = "urge", _("督办")
    DESIGNATE = "designate", _("指定责任单位")
    COMMAND = "command", _("统一指挥")


class Authority(models.Model):
    """责权: what bodies of a kind, or bodies with a standing function, may do, and by what law.

    A unit may do what the row of its kind and the rows of its functions say together, and nothing else.
    """

    kind = models.CharField(_("单位类型"), max_length=20, choices=UnitKind, blank=True)
    function = models.CharField(_("职能"), max_length=40, blank=True)
    verbs = ArrayField(models.CharField(max_length=20, choices=Power), verbose_name=_("可为事项"))
    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=100, blank=True)
    basis = models.TextField(_("法律依据"))
    basis_en = models.TextField(_("法律依据（英文）"), blank=True)
    source = models.TextField(_("来源"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("责权")
        ordering = ["kind", "function"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "function"], name="authority_once"),
            models.CheckConstraint(
                condition=(Q(kind="") & ~Q(function="")) | (Q(function="") & ~Q(kind="")),
                name="authority_of_kind_or_function",
            ),
            models.CheckConstraint(condition=~Q(basis=""), name="authority_has_basis"),
            models.CheckConstraint(
                condition=Q(verbs__len__gte=1, verbs__contained_by=[str(power.value) for power in Power]),
                name="authority_verbs_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return by_language(self.name, self.name_en)

    @property
    def basis_label(self) -> str:
        return by_language(self.basis, self.basis_en)

    @property
    def powers(self) -> list[str]:
        """The verbs in words."""
        return [str(Power(verb).label) for verb in self.verbs]
