"""The word of the insured for programs: confirm and decline, many at once; a reminder by the lead insurer."""

from collections.abc import Callable
from dataclasses import asdict

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS
from insurance.policies import assent
from insurance.policies.api import BasePolicy, PolicySerializer
from responsibility import access, acting
from responsibility.interface import ErrorSerializer


class ConfirmsPolicies(BasePermission):
    """Who answers for a unit that may be insured."""

    message = assent.WRONG_ROLE
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), assent.CONFIRM)


class PolicyWordInSerializer(serializers.Serializer):
    """A policy (id) and the ``edition`` that was looked at; ``reason`` to decline."""

    policy = serializers.IntegerField()
    edition = serializers.IntegerField()
    reason = serializers.CharField(max_length=500, required=False)


class PolicyWordSerializer(serializers.Serializer):
    """What became of one word. A policy that is not one's own is answered like one that is not there."""

    policy = serializers.IntegerField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(["confirmed", "declined", "unchanged", "rejected"])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


ANSWERS = {
    200: OpenApiResponse(
        inline_serializer("PolicyWords", {"results": PolicyWordSerializer(many=True)}),
        description="Several policies, answered in order; for a single one, its answer.",
    ),
    **REFUSALS,
    400: OpenApiResponse(PolicyWordSerializer, description="A single policy, rejected."),
}


class _Words(APIView):
    permission_classes = [IsAuthenticated, ConfirmsPolicies]

    def said(self, say: Callable[..., list[assent.Answer]]) -> Response:
        """One object, or an array of up to 1,000. A bad one never sinks its neighbours."""
        several = isinstance(self.request.data, list)
        items = self.request.data if several else [self.request.data]
        answers = [asdict(answer) for answer in say(items, by=acting.person(self.request.user))]
        if several:
            return Response({"results": answers})
        (answer,) = answers
        if answer["outcome"] == "rejected":
            return Response({"type": "validation_error", **answer}, status=400)
        return Response(answer)


class PoliciesConfirm(_Words):
    """The insured confirms."""

    @extend_schema(
        operation_id="insurance_policies_confirm", request=PolicyWordInSerializer(many=True), responses=ANSWERS
    )
    def post(self, request):
        """Confirm policies in the editions that were looked at: from then on their insurers see what they cover."""
        return self.said(assent.confirm)


class PoliciesDecline(_Words):
    """The insured declines."""

    @extend_schema(
        operation_id="insurance_policies_decline", request=PolicyWordInSerializer(many=True), responses=ANSWERS
    )
    def post(self, request):
        """Say that there are no such policies, each with a ``reason``; they may be confirmed later."""
        return self.said(assent.decline)


class PolicyReminder(BasePolicy):
    """A reminder."""

    @extend_schema(
        operation_id="insurance_policies_remind", request=None, responses={200: PolicySerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Ask the insured once more, once a day at most."""
        policy = self.policy(pk)
        assent.remind(policy.pk, by=acting.person(request.user))
        return Response(PolicySerializer(self.policy(pk)).data)
