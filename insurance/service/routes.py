"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.service import api, policy_api

urlpatterns = [
    path("orders/", api.ServiceOrders.as_view()),
    path("orders/<str:order>/", api.ServiceOrderDetail.as_view()),
    path("orders/<str:order>/visit/", api.ServiceVisit.as_view()),
    path("orders/<str:order>/photos/", api.ServicePhotos.as_view()),
    path("orders/<str:order>/<slug:verb>/", api.ServiceOrderVerb.as_view()),
    path("service/requests/", policy_api.ServiceRequests.as_view()),
    path("service/<int:policy>/account/", policy_api.PreventionAccount.as_view()),
    path("service/<int:policy>/account/budget/", policy_api.PreventionBudget.as_view()),
    path("service/<int:policy>/account/expenses/", policy_api.PreventionExpenses.as_view()),
    path("service/<int:policy>/account/expenses/<int:expense>/counter/", policy_api.PreventionCounter.as_view()),
    path("service/<int:policy>/<int:year>/plan/", policy_api.ServicePlan.as_view()),
    path("service/<int:policy>/<int:year>/plan/answer/", policy_api.ServicePlanAnswer.as_view()),
    path("service/<int:policy>/<int:year>/figures/", policy_api.YearFigures.as_view()),
]
