"""Columns that name something by its code."""

from responsibility import directory
from responsibility.exchange.kinds import Reference

UNIT = Reference(lambda: directory.current().units_by_code)
CATEGORY = Reference(lambda: directory.current().categories)
SCENARIO = Reference(lambda: directory.current().scenarios)
TERRITORY = Reference(lambda: directory.current().territories)
