"""The register of what is watched."""

from django.urls import path

from alerts import views

urlpatterns = [path("objects/", views.objects, name="objects")]
