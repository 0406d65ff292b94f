"""Show the key that the ledger is signed with, or put a new one in its place."""

from django.core.management.base import BaseCommand

from notary import checkpoints, keys
from responsibility import acting, chains, ledger


class Command(BaseCommand):
    """``ledger_key`` prints the public half; with ``--rotate`` a new key and a checkpoint signed by both are made."""

    help = "台账签名密钥：显示公钥，或更换 / the key of the ledger: show the public half, or rotate it."

    def add_arguments(self, parser):
        parser.add_argument("--rotate", action="store_true", help="make a new key; both sign the next checkpoint")

    def handle(self, *args, rotate, **options):
        """One line on standard output: ``name+hash+base64``."""
        if rotate:
            made = checkpoints.rotate(_tell)
            self.stderr.write(f"密钥已更换，{made.size} 条处双签 / rotated, both signed at {made.size} entries")
        self.stdout.write(str(keys.signer().key))


def _tell(old: str, new: str) -> None:
    after = {"old": old, "new": new}
    act = ledger.Act(chains.standing(), "ledger.rotate_key", "key", new[:64], "台账签名密钥", after=after)
    ledger.record([act], by=acting.SYSTEM)
