"""The page of periods and holds."""

from django.urls import path

from retention import views

urlpatterns = [
    path("retention/", views.page, name="retention"),
    path("retention/periods/", views.put, name="retention-periods"),
    path("retention/holds/", views.lay, name="retention-holds"),
    path("retention/holds/<int:pk>/lift/", views.lift, name="retention-lift"),
]
