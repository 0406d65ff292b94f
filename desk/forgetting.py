"""Whatever the law orders to be forgotten goes from the desk in the same transaction (``cases.erasure``)."""

from desk import asking, indexing
from desk.models import Question, Sealed
from responsibility.erasing import MARK, Person


def entries(sender, entry: int, **more) -> None:
    """Words of ``entry`` became empty, so the search forgets them."""
    indexing.take_again(entry)


def words(sender, person: Person, **more) -> None:
    """Questions that name ``person`` go; of sealed exports the words are emptied."""
    for question in Question.objects.all():
        if person.stands_in([question.name, asking.told(question.query)]):
            question.delete()
    for sealed in Sealed.objects.all():
        told = {"purpose": sealed.purpose, "recipient": sealed.recipient}
        emptied = person.emptied(told)
        if person.stands_in(asking.told(sealed.query)):
            emptied["query"] = MARK
        if emptied != told:
            Sealed.objects.filter(pk=sealed.pk).update(**emptied)
