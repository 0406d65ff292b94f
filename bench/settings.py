"""The product's settings with other URLs: the floors of single requests pass the same middleware."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.bare"
