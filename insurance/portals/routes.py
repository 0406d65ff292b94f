"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.portals import api, history_api, hook_api

urlpatterns = [
    path("cases/", api.CoveredCases.as_view()),
    path("figures/", api.Figures.as_view()),
    path("contacts/", api.Contacts.as_view()),
    path("contacts/<int:pk>/remove/", api.ContactRemoval.as_view()),
    path("contacts/<int:pk>/unmask/", api.ContactUnmasking.as_view()),
    path("hooks/", hook_api.Hooks.as_view()),
    path("hooks/<int:pk>/end/", hook_api.HookEnd.as_view()),
    path("deliveries/", hook_api.Deliveries.as_view()),
    path("deliveries/<int:pk>/again/", hook_api.DeliveryAgain.as_view()),
    path("objects/<str:code>/history/", history_api.ObjectHistory.as_view()),
]
