from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceConfig(AppConfig):
    name = "insurance.service"
    label = "service"
    verbose_name = _("预防服务")

    def ready(self) -> None:
        """Hear of firms that are stopped, score arrivals, say notices, and tell where people's words stand here."""
        from cases import erasure, sentences
        from insurance.firms import complaints, scoring
        from insurance.firms import telling as firms_telling
        from insurance.firms.signals import firm_stopped
        from insurance.policies.seeing import BESIDE
        from insurance.service import moving, originals, parties, punctual, seeing, telling, words
        from insurance.service.models import (
            Assessment,
            Budget,
            Expense,
            Photo,
            Plan,
            PlanLine,
            SentPhoto,
            ServiceOrder,
            ServiceRequest,
            Visit,
        )
        from notices import texts

        originals.register()
        firm_stopped.connect(moving.firm_stopped, dispatch_uid="service")
        scoring.MEASURES[scoring.ON_TIME] = punctual.on_time
        complaints.ORDERS.append(parties.of_order)
        BESIDE.append(seeing.of_policy)
        firms_telling.CLIENTS_OF.append(parties.clients)
        sentences.ABOUT.update(words.ABOUT)
        sentences.OWN.update(words.ACTS)
        sentences.SENTENCES.update(words.SENTENCES)
        texts.register(telling.SAID, telling.said, plain=True)
        erasure.PLACES += [
            (ServiceOrder, ("text", "goal", "reason"), "case__number"),
            (Visit, ("work", "readings", "found", "follow_up", "remark"), "order__case__number"),
            (Photo, ("note", "original_name"), "visit__order__case__number"),
            (SentPhoto, ("original_name",), "order__case__number"),
            (Plan, ("goal", "remark"), ""),
            (PlanLine, ("measures", "people", "goal"), ""),
            (ServiceRequest, ("text",), ""),
            (Budget, ("reason",), ""),
            (Expense, ("note",), ""),
            (Assessment, ("conclusion",), ""),
        ]
