"""The inbox and the channels."""

from django.urls import path

from notices import views

urlpatterns = [
    path("inbox/", views.messages_page, name="inbox"),
    path("inbox/read/", views.read, name="inbox-read"),
    path("inbox/unreached/", views.unreached, name="inbox-unreached"),
    path("channels/", views.channels, name="channels"),
    path("channels/<int:pk>/remove/", views.remove, name="channel-remove"),
]
