"""From a measured value to a colour, by the category's thresholds."""

from responsibility.models import Category, Grade

# The same unit is written in several ways by the sub-platforms.
SPELLINGS = str.maketrans({"³": "3", "²": "2", "％": "%", "（": "(", "）": ")", " ": None})


def same_unit(stated: str, wanted: str) -> bool:
    """Whether two spellings name one unit of measure: ``mg/m³`` and ``mg/m3`` do, ``ppm`` does not."""
    return stated.translate(SPELLINGS).casefold() == wanted.translate(SPELLINGS).casefold()


def is_measured(category: Category) -> bool:
    """Whether the category is graded from a number at all (``>=`` or ``<=``)."""
    return category.operator in (">=", "<=")


def grade_of(category: Category, value: float) -> str:
    """The highest colour whose threshold ``value`` reaches; an empty text below all of them.

    Source of the thresholds: the district file, each with its own source (reference data, section 4).
    """
    for grade in Grade:
        threshold = category.thresholds.get(grade.value, {}).get("value")
        if threshold is None:
            continue
        reached = value >= threshold if category.operator == ">=" else value <= threshold
        if reached:
            return grade.value
    return ""
