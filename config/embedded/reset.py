"""`make reset`: removes the state below the folder that VAR_DIR names. Runs without Django."""

import os
import shutil
import sys
from pathlib import Path

from . import paths
from .process import ServerError
from .servers import Servers

DEFAULT = Path(__file__).resolve().parent.parent.parent / "var"


def main() -> None:
    """Remove the folder; refuse while a supervisor uses it, and where it is not one of ours."""
    var_dir = Path(os.environ.get("VAR_DIR") or DEFAULT).resolve()
    if not var_dir.exists():
        return print(f"没有可清除的 / nothing to remove at {var_dir}")
    # A mistyped VAR_DIR must not cost anybody a home directory.
    if var_dir != DEFAULT and not (var_dir / "run" / "up.lock").exists():
        sys.exit(f"{var_dir} 不是本系统的数据目录 / was not made by `make run`; nothing removed.")
    servers = Servers(var_dir)
    try:
        servers.claim()
    except ServerError as error:
        sys.exit(str(error))
    shutil.rmtree(paths.runtime_dir(var_dir), ignore_errors=True)
    shutil.rmtree(var_dir)
    servers.stop()
    print(f"已清除 removed {var_dir}")


if __name__ == "__main__":
    main()
