"""Signing in and out, language, the matrix and the ledger."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from responsibility import edition_views, matrix_views, permissions, roster_views, views

urlpatterns = [
    path("accounts/login/", views.Login.as_view(), name="login"),
    path("accounts/logout/", login_not_required(LogoutView.as_view()), name="logout"),
    path("language/", login_not_required(set_language), name="language"),
    path("territories.json", views.outlines, name="territories"),
    path("matrix/", matrix_views.matrix, name="matrix"),
    path("matrix/cell/", matrix_views.cell, name="matrix-cell"),
    path("matrix/owner/", matrix_views.owner, name="matrix-owner"),
    path("matrix/editions/", edition_views.listing, name="editions"),
    path("matrix/editions/<int:number>/", edition_views.edition, name="edition"),
    path("matrix/editions/<int:number>/do/<slug:verb>/", edition_views.act, name="edition-act"),
    path("matrix/editions/<int:number>/rows/new/", edition_views.row, name="edition-row-new"),
    path("matrix/editions/<int:number>/rows/<int:pk>/", edition_views.row, name="edition-row"),
    path("matrix/editions/<int:number>/opinions/", edition_views.opinions, name="edition-opinions"),
    path("matrix/editions/<int:number>/compare/", edition_views.compare, name="edition-compare"),
    path("ledger/", views.ledger, name="ledger"),
    path("permissions/", permissions.page, name="permissions"),
    path("permissions/table.csv", permissions.sheet, name="permissions-sheet"),
    path("roster/", roster_views.page, name="roster"),
    path("roster/plan/", roster_views.plan, name="roster-plan"),
    path("roster/<int:pk>/drop/", roster_views.drop, name="roster-drop"),
    path("roster/<int:pk>/hand-over/", roster_views.hand_over, name="roster-hand-over"),
    path("roster/hand-overs/<int:pk>/take/", roster_views.take_over, name="roster-take-over"),
    path("exchange/", include("responsibility.exchange.urls")),
]
