"""`make reset`: removes the state below the folder that VAR_DIR names.

Run as `embedded.reset` with config/ on the path: importing `config` would read the settings, which
may themselves write into the folder.
"""

import os
import shutil
import sys
from pathlib import Path

from . import paths
from .process import ServerError
from .servers import Servers

DEFAULT = Path(__file__).resolve().parent.parent.parent / "var"


def reset(var_dir: Path) -> str:
    """Remove the folder and say so; refuse while a supervisor uses it, and where it is not one of ours."""
    if not var_dir.exists():
        return f"没有可清除的 / nothing to remove at {var_dir}"
    # A mistyped VAR_DIR must not cost anybody a home directory.
    if var_dir != DEFAULT and not (var_dir / "run" / "up.lock").exists():
        raise ServerError(f"{var_dir} 不是本系统的数据目录 / was not made by `make run`; nothing removed.")
    servers = Servers(var_dir)
    servers.claim()
    shutil.rmtree(paths.runtime_dir(var_dir), ignore_errors=True)
    shutil.rmtree(var_dir)
    servers.stop()
    return f"已清除 removed {var_dir}"


if __name__ == "__main__":
    try:
        sys.stdout.write(reset(Path(os.environ.get("VAR_DIR") or DEFAULT).resolve()) + "\n")
    except ServerError as error:
        sys.exit(str(error))
