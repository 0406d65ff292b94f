from tests.alerts.conftest import item, knock
from tests.cases.conftest import _evidence_folder, open_case, press, send
from tests.notary.conftest import _keys

__all__ = ["_evidence_folder", "_keys", "item", "knock", "open_case", "press", "send"]
