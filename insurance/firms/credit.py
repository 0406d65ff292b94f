"""统一社会信用代码: whether a code can be one (GB 32100-2015)."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from cases import typed
from responsibility.refusals import Invalid

# Without I, O, S, V and Z, which are taken for digits.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Two places for who registers, six digits for where, nine for the body itself, one to check.
SHAPE = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}", re.ASCII)
BASE, WEIGHT, CHECKED = 31, 3, 17


def check_character(first: str) -> str:
    """The eighteenth character of a code of which ``first`` are seventeen of the alphabet."""
    total = sum(ALPHABET.index(sign) * pow(WEIGHT, place, BASE) for place, sign in enumerate(first))
    return ALPHABET[-total % BASE]


def read(given: object) -> str:
    """The code somebody typed, in capitals; ``Invalid`` for ``credit_code`` if its form or check does not hold."""
    # Typed with a Chinese keyboard, its signs may be of full width.
    code = unicodedata.normalize("NFKC", typed.text(given, "credit_code", limit=40)).replace(" ", "").upper()
    if not SHAPE.fullmatch(code):
        raise Invalid("bad_credit_code", _("统一社会信用代码应为 18 位数字和大写字母。"), "credit_code")
    if check_character(code[:CHECKED]) != code[CHECKED]:
        raise Invalid("bad_check_digit", _("统一社会信用代码的校验位不对，请核对。"), "credit_code")
    return code
