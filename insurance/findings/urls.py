"""The pages of this part, below ``/insurance/``."""

from django.urls import path

from insurance.findings import self_views, views

urlpatterns = [
    path("findings/", views.listed, name="findings"),
    path("findings/tell/", views.tell, name="finding-tell"),
    path("findings/proofs/<int:pk>/", views.proof, name="finding-proof"),
    path("findings/proofs/<int:pk>/thumb/", views.thumb, name="finding-proof-thumb"),
    path("findings/<number:number>/", views.detail, name="finding"),
    path("findings/<number:number>/<slug:verb>/", views.act, name="finding-act"),
    path("self-control/", self_views.listed, name="self-control"),
    path("self-control/photos/<int:pk>/", self_views.photo, name="self-check-photo"),
    path("self-control/photos/<int:pk>/thumb/", self_views.photo_thumb, name="self-check-photo-thumb"),
    path("self-control/<str:code>/", self_views.one, name="self-control-object"),
    path("self-control/<str:code>/<slug:verb>/", self_views.act, name="self-control-act"),
    path("duties/", self_views.duties, name="duties"),
    path("duties/said/", self_views.said, name="duties-said"),
    path("duties/<number:number>/", self_views.answer, name="duty-answer"),
]
