"""The room of resources."""

from django.urls import path

from resources import views

urlpatterns = [
    path("resources/", views.stations, name="resources"),
    path("resources/<int:pk>/", views.keep, name="resource-keep"),
]
