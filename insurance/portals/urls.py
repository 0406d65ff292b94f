"""The pages of this part."""

from django.urls import path

from insurance.portals import chain_views, hook_views, object_views, views

urlpatterns = [
    path("", views.front, name="insurance"),
    path("cases/", views.concerned, name="insurance-cases"),
    path("figures/", views.district, name="insurance-figures"),
    path("contacts/", views.listed, name="insurance-contacts"),
    path("contacts/new/", views.keep, name="insurance-contact-keep"),
    path("contacts/<int:pk>/remove/", views.remove, name="insurance-contact-remove"),
    path("contacts/<int:pk>/unmask/", views.unmask, name="insurance-contact-unmask"),
    path("hooks/", hook_views.listed, name="insurance-hooks"),
    path("hooks/new/", hook_views.make, name="insurance-hook-make"),
    path("hooks/<int:pk>/end/", hook_views.end, name="insurance-hook-end"),
    path("deliveries/<int:pk>/again/", hook_views.again, name="insurance-delivery-again"),
    path("cases/<str:number>/chain/", chain_views.case_chain, name="case-chain"),
    path("objects/", object_views.objects, name="insurance-objects"),
    path("objects/<str:code>/history/", chain_views.object_history, name="object-history"),
]
