"""Reference data for the administrator. Work and ledger can be looked at here, never touched."""

from functools import update_wrapper

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, posts, rows_told
from responsibility.models import (
    Authority,
    CalendarDay,
    CalendarYear,
    Category,
    District,
    Duty,
    HandOver,
    LedgerEntry,
    Post,
    Scenario,
    Shift,
    Territory,
    Unit,
    User,
)


class ReadOnly(admin.ModelAdmin):
    """A table that can be looked at only."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Reference(admin.ModelAdmin):
    """Reference data that is told apart by its code."""

    list_display = ["code", "name"]
    search_fields = ["code", "name", "name_en"]


@admin.register(User)
class Users(UserAdmin):
    """People. Sign-in and names only; what they may do comes from posts."""

    list_display = ["username", "full_name", "is_active", "last_login"]
    search_fields = ["username", "full_name"]
    fieldsets = [
        (None, {"fields": ["username", "password", "full_name", "email", "is_active", "is_staff", "is_superuser"]}),
    ]


@admin.register(Post)
class Posts(admin.ModelAdmin):
    """Who holds which post, from–to."""

    list_display = ["user", "unit", "role", "title", "since", "until"]
    list_select_related = ["user", "unit"]
    list_filter = ["role"]
    search_fields = ["user__username", "user__full_name", "unit__name"]
    autocomplete_fields = ["user", "unit"]

    def get_readonly_fields(self, request, obj=None):
        """A post is ended and another begun, never rewritten: shifts and acts were done in it."""
        return ["user", "unit", "role"] if obj else []

    def save_model(self, request, obj, form, change):
        held_by = Post.objects.filter(pk=obj.pk).values_list("user", flat=True)
        with posts.accounted({obj.user_id, *held_by}, by=acting.of(request.user)):
            super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        with posts.accounted([obj.user_id], by=acting.of(request.user)):
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        with posts.accounted(set(queryset.values_list("user", flat=True)), by=acting.of(request.user)):
            super().delete_queryset(request, queryset)


@admin.register(Shift)
class Shifts(ReadOnly):
    """Who was and will be on duty, to look at: the roster page plans it."""

    list_display = ["unit", "post", "during", "deputy", "planned_by"]
    list_select_related = ["unit", "post", "deputy", "planned_by"]


@admin.register(HandOver)
class HandOvers(ReadOnly):
    """Hand-overs, to look at."""

    list_display = ["shift", "handed_by", "handed_at", "to", "taken_at"]
    list_select_related = ["shift__post", "handed_by", "to"]


@admin.register(Authority)
class Authorities(admin.ModelAdmin):
    """What a tier may do."""

    list_display = ["name", "kind", "function", "verbs", "basis"]


@admin.register(Unit)
class Units(Reference):
    """Units."""

    list_display = ["code", "name", "short_name", "kind", "demo"]
    list_filter = ["kind"]
    autocomplete_fields = ["parent"]


@admin.register(Category)
class Categories(Reference):
    """Risk categories."""

    list_display = ["code", "name", "domain", "operator", "unit"]
    list_filter = ["domain"]


@admin.register(Territory)
class Territories(Reference):
    """Territories."""

    list_display = ["code", "name", "kind", "unit", "approximate"]
    list_select_related = ["unit"]


@admin.register(Duty)
class Duties(ReadOnly):
    """Matrix rows, to look at: they change by editions."""

    list_display = ["edition", "category", "domain", "scenario", "role", "unit", "basis", "valid"]
    list_select_related = ["edition", "category", "scenario", "unit"]
    list_filter = ["role"]
    search_fields = ["category__name", "unit__name", "basis"]


@admin.register(CalendarDay)
class CalendarDays(admin.ModelAdmin):
    """Holidays and adjusted workdays."""

    list_display = ["date", "working"]
    date_hierarchy = "date"


@admin.register(LedgerEntry)
class LedgerEntries(ReadOnly):
    """The ledger, to look at."""

    list_display = ["id", "at", "verb", "subject_id", "actor_label", "unit_label"]
    search_fields = ["=subject_id", "=chain"]


def may_enter(request: HttpRequest) -> bool:
    """Whoever is marked for it and holds a post that may; the first administrator, too, who has never held one."""
    user = request.user
    if not (isinstance(user, User) and user.is_active and user.is_staff):
        return False
    return access.may(acting.of(user), "admin.use") or not user.posts.exists()


# Rights come from posts, never from groups, and a mark alone opens nothing once the post is given up.
admin.site.has_permission = may_enter  # type: ignore[method-assign]


def told(view, cacheable=False):
    """Whatever a page of the administrator changes stands in the ledger, in one transaction with it."""

    def telling(request, *args, **kwargs):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return view(request, *args, **kwargs)
        with rows_told.told(acting.of(request.user)):
            return view(request, *args, **kwargs)

    return admin.AdminSite.admin_view(admin.site, update_wrapper(telling, view), cacheable)


admin.site.admin_view = told  # type: ignore[method-assign]
admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = _("闭环")
admin.site.register([District, Scenario], Reference)
admin.site.register(CalendarYear)
