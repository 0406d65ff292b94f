"""The pages of this part."""

from django.urls import path

from insurance.policies import assent_views, gap_views, new_views, views

urlpatterns = [
    path("policies/", views.listed, name="insurance-policies"),
    path("policies/new/", new_views.new, name="insurance-policy-new"),
    path("policies/waiting/", assent_views.waiting, name="insurance-policies-waiting"),
    path("policies/<int:pk>/", views.one, name="insurance-policy"),
    path("policies/<int:pk>/<slug:verb>/", views.act, name="insurance-policy-act"),
    path("gaps/", gap_views.page, name="insurance-gaps"),
    path("gaps/export.xlsx", gap_views.export, name="insurance-gaps-export"),
]
