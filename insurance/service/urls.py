"""The pages of this part."""

from django.urls import path

from insurance.service import policy_views, views, visit_views

urlpatterns = [
    path("orders/", views.orders, name="insurance-orders"),
    path("orders/new/", views.new, name="insurance-order-new"),
    path("orders/worker.js", visit_views.worker, name="service-worker"),
    path("orders/<str:order>/", views.order, name="insurance-order"),
    path("orders/<str:order>/visit/", visit_views.visit, name="insurance-visit"),
    path("orders/<str:order>/photos/", visit_views.photo, name="service-photos"),
    path("orders/<str:order>/<slug:verb>/", views.act, name="insurance-order-act"),
    path("photos/<int:pk>/", visit_views.shared, name="service-photo"),
    path("photos/<int:pk>/thumb/", visit_views.thumb, name="service-thumb"),
    path("service/", views.home, name="service-home"),
    path("service/requests/", views.ask, name="service-request"),
    path("service/<int:policy>/<int:year>/plan/", policy_views.plan, name="service-plan"),
    path("service/<int:policy>/<int:year>/assessment/", policy_views.assessment, name="service-assessment"),
    path("service/<int:policy>/account/", policy_views.prevention, name="service-account"),
    path("service/<int:policy>/account/<slug:verb>/", policy_views.entry, name="service-entry"),
    path("vouchers/<int:pk>/", policy_views.voucher, name="service-voucher"),
]
