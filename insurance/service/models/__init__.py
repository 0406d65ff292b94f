"""The tables of preventive service: plans, orders, visits, the account of prevention, the yearly assessment."""

from insurance.service.models.account import Budget, Expense
from insurance.service.models.orders import (
    RUNNING,
    OrderState,
    Photo,
    Purpose,
    SentPhoto,
    ServiceOrder,
    Visit,
)
from insurance.service.models.plans import Assessment, Plan, PlanLine, PlanState, ServiceRequest
from insurance.service.models.removed import RemovedFile

__all__ = [
    "RUNNING",
    "Assessment",
    "Budget",
    "Expense",
    "OrderState",
    "Photo",
    "Plan",
    "PlanLine",
    "PlanState",
    "Purpose",
    "RemovedFile",
    "SentPhoto",
    "ServiceOrder",
    "ServiceRequest",
    "Visit",
]
