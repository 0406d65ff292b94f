"""The doors of the portals."""

HOOK = {"label": "系统", "url": "https://hooks.example.org/x", "events": ["claim"]}
CONTACT = {"name": "周师傅", "phone": "13812341234"}
WHY = {"reason": "约勘"}


def portals(door, signed_in: str) -> list:
    """``door`` makes one, ``signed_in`` is the word for whoever has signed in."""
    page, api = "/insurance/", "/api/v1/insurance/"
    hook, again, contact = "hooks/<int:pk>/end/", "deliveries/<int:pk>/again/", "contacts/<int:pk>/"
    keep, look, push = "contact.keep", "outside.unmask", "webhook.manage"
    return [
        door("GET", page, signed_in),
        door("GET", f"{page}cases/", "case.read_outside"),
        door("GET", f"{page}objects/", "case.read_outside"),
        door("GET", f"{page}figures/", "outside.figures"),
        door("GET", f"{api}figures/", "outside.figures"),
        door("GET", f"{api}cases/", "outside.cases"),
        door("GET", f"{page}contacts/", look),
        door("GET", f"{api}contacts/", look),
        door("POST", f"{page}contacts/new/", keep, "", "", CONTACT),
        door("POST", f"{api}contacts/", keep, "", "", CONTACT),
        *(
            door("POST", f"{at}{contact}{verb}/", act, "contact", f"{at}contacts/{{contact}}/{verb}/", WHY)
            for at in (page, api)
            for verb, act in {"remove": keep, "unmask": look}.items()
        ),
        door("GET", f"{page}hooks/", push),
        door("GET", f"{api}hooks/", push),
        door("GET", f"{api}deliveries/", push),
        door("POST", f"{page}hooks/new/", push, "", "", HOOK),
        door("POST", f"{api}hooks/", push, "", "", HOOK),
        *(
            door("POST", f"{at}{what}", push, "hook", f"{at}{filled}")
            for at in (page, api)
            for what, filled in {hook: "hooks/{hook}/end/", again: "deliveries/{message}/again/"}.items()
        ),
    ]
