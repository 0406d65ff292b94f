"""What one busy process does for a while: everything that people, platforms and the clock do, on the same few cases."""

import random
import time
from collections import Counter
from datetime import timedelta

HERE = {"lat": 31.1144, "lon": 121.2683}
OBJECTS = 5
STREET = ("sijing-duty", "sijing-handler", "sijing-head")
EVERYBODY = (*STREET, "shuiwu-duty", "shuiwu-head", "chengyun-check", "chengyun-lead", "yingji-office")
VERBS = ("acknowledge", "arrive", "contain", "rectify", "report", "rework", "close", "reopen", "resume")
REQUESTS = ("escalate", "extend", "suspend", "void")


class Busy:
    """Acts at random by ``seed``; ``outcomes`` counts what was answered, ``faults`` keeps what should not be."""

    def __init__(self, seed: int, key: str, tokens: dict[str, str]):
        self.chance, self.seed, self.key, self.tokens = random.Random(seed), seed, key, tokens
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.sent = 0

    def ask(self, what: str, path: str, auth: str, **given) -> dict:
        """One request; anything but an answer or a refusal in words is a fault."""
        from tests.races.racer import request

        answer = request(f"/api/v1/{path}", auth=auth, **given)
        self.outcomes[f"{what} {answer['status']}"] += 1
        if answer["status"] >= 500:
            self.faults.append(answer["trace"] or str(answer["body"]))
        return answer

    def person(self, *names: str) -> str:
        """The token of somebody."""
        return self.tokens[self.chance.choice(names or EVERYBODY)]

    def case(self) -> str:
        """The number of some case."""
        from cases.models import Case

        return Case.objects.order_by("?").values_list("number", flat=True)[0]

    def intake(self) -> None:
        """A batch about the few objects that everybody speaks of."""
        from tests.cases.conftest import alert

        batch = [
            alert(
                external_id=f"l-{self.seed}-{self.sent}-{n}",
                object=f"L-{self.chance.randrange(OBJECTS)}",
                location=HERE,
                grade=self.chance.choice(["blue", "yellow", "yellow", "orange"]),
            )
            for n in range(self.chance.randint(1, 12))
        ]
        self.sent += len(batch)
        answer = self.ask("intake", "alerts/", f"Bearer {self.key}", body=batch)
        results = (answer["body"] or {}).get("results", [])
        self.outcomes["stored"] += sum(result["outcome"] in ("opened", "joined") for result in results)

    def press(self) -> None:
        """Somebody presses some button, most of the time one that is there."""
        auth, path = self.person(), f"cases/{self.case()}/"
        allowed = (self.ask("look", path, auth, method="GET")["body"] or {}).get("allowed")
        verb = self.chance.choice(allowed or VERBS)
        answer = self.ask(verb, f"{path}{verb}/", auth, body={"reason": "抽查"})
        self.judge(answer)

    def judge(self, answer: dict) -> None:
        """A refusal by a constraint of the database is one that nobody foresaw."""
        for error in (answer["body"] or {}).get("errors", []) if answer["status"] == 409 else []:
            self.outcomes[f"refused {error['code']}"] += 1

    def prove(self) -> None:
        """A photo."""
        path = f"cases/{self.case()}/evidence/"
        self.judge(self.ask("prove", path, self.person(*STREET), photo=self.chance.randrange(250)))

    def request(self) -> None:
        """Somebody asks, or decides what somebody asked."""
        from cases.models import Request

        waiting = Request.objects.filter(state="pending").order_by("?").values_list("pk", flat=True).first()
        if waiting and self.chance.random() < 0.6:
            decision = self.chance.choice(["approve", "refuse"])
            path, body = f"requests/{waiting}/{decision}/", {"answer": "已核"}
            auth = self.person("shuiwu-head", "chengyun-lead", "yingji-office")
        else:
            path, auth = f"cases/{self.case()}/requests/", self.person(*STREET)
            body = {"kind": self.chance.choice(REQUESTS), "reason": "现场条件限制", "minutes": 30}
        self.judge(self.ask("request", path, auth, body=body))

    def sweep(self) -> None:
        """The clock strikes, now or some hours ahead."""
        from cases import sweeping
        from responsibility import clock

        with clock.as_if(clock.now() + timedelta(hours=self.chance.choice([0, 1, 4.2, 13]))):
            report = sweeping.sweep(batch=self.chance.choice([3, 500]))
        self.outcomes["missed"] += report.missed
        if report.failed:
            self.faults.append(f"{report.failed} deadlines could not be swept")


def run(acts: int, seconds: float, **given) -> dict:
    """``{"outcomes", "faults"}`` after ``acts`` at random, or after ``seconds`` on a machine that is too slow."""
    busy = Busy(**given)
    known = [busy.intake, busy.press, busy.prove, busy.request, busy.sweep]
    until = time.monotonic() + seconds
    busy.intake()
    while acts and time.monotonic() < until:
        busy.chance.choices(known, [3, 9, 2, 2, 1])[0]()
        acts -= 1
    return {"outcomes": busy.outcomes, "faults": busy.faults}
