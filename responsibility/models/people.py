"""People, the posts they hold, and the tokens they sign in with."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from responsibility.models.district import Unit, by_language


class User(AbstractUser):
    """A person. What a person may do comes from posts, never from groups or flags."""

    full_name = models.CharField(_("姓名"), max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.full_name or self.username

    def save(self, *args, **kwargs) -> None:
        """A new password ends what the old one had opened: sessions by themselves, tokens here."""
        renewed = self.pk is not None and getattr(self, "_password", None) is not None
        # Here, because the ledger is built on these models.
        from responsibility import rows_told

        with rows_told.told():
            super().save(*args, **kwargs)
            if renewed:
                self.tokens.all().delete()


class Role(models.TextChoices):
    """What a post is for."""

    DUTY_OFFICER = "duty_officer", _("值守员")
    HANDLER = "handler", _("处置员")
    HEAD = "head", _("街镇分管领导")
    MANAGER = "manager", _("部门负责人")
    SHIFT_LEADER = "shift_leader", _("值班长")
    CHECKER = "checker", _("核查员")
    EMERGENCY_OFFICE = "emergency_office", _("区城运应急办")
    COMMITTEE_OFFICE = "committee_office", _("区安委办")
    AUDITOR = "auditor", _("审计员")
    INSURER = "insurer", _("保险专员")
    BROKER = "broker", _("经纪专员")
    FIRM = "firm", _("第三方服务人员")
    ENTERPRISE = "enterprise", _("企业安全负责人")
    ADMIN = "admin", _("系统管理员")


class PostQuerySet(models.QuerySet):
    """Posts by time."""

    def held(self, at):
        """Posts that hold at the instant ``at``."""
        return self.filter(since__lte=at).filter(Q(until__isnull=True) | Q(until__gt=at))


class Post(models.Model):
    """岗位: a person in a unit with a role, from–to."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts", verbose_name=_("人员"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts", verbose_name=_("单位"))
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    title = models.CharField(_("岗位名称"), max_length=100)
    title_en = models.CharField(_("岗位名称（英文）"), max_length=100, blank=True)
    since = models.DateTimeField(_("任职起"))
    until = models.DateTimeField(_("任职止"), null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("岗位")
        ordering = ["unit", "role", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "unit", "role", "since"], name="post_once"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("since")), name="post_ends_after"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return by_language(self.title, self.title_en)


class Token(models.Model):
    """A person's API token. Only its SHA-256 is kept, so a leaked table opens nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("访问令牌")
