"""校验台账摘选 / check selected entries. Python 3.9+ and verify.py beside it: pip install cryptography

    python verify_selection.py                    在解开的文件夹中运行 / in the folder of the unpacked selection
    python verify_selection.py --key KEY          以您从别处得知的公钥验签 / by a key that you know from elsewhere
    python verify_selection.py --checkpoint FILE  与您从别处取得的存证点比对 / against a checkpoint from elsewhere

退出码 0 全部成立，1 有不成立之处 / exit code 0: all holds.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # so that nothing comes into the folder that is not of the selection

import verify  # noqa: E402


def _main():
    asked = argparse.ArgumentParser(usage=__doc__)
    asked.add_argument("folder", nargs="?", default=Path(__file__).parent, type=Path)
    asked.add_argument("--key")
    asked.add_argument("--checkpoint")
    given = asked.parse_args()
    manifest = json.loads((given.folder / "manifest.json").read_text("utf-8"))
    entries, bodies = verify.read_entries(given.folder)
    wanted = list(range(1, manifest["entries"] + 1))
    verify.judge(
        [] if [entry["seq"] for entry in entries] == wanted else [len(entries)],
        "条目的个数或次序与清单不符", "the number or order of entries is not that of the list",
        f"共 {len(entries)} 条，与清单相符", f"{len(entries)} entries, as listed",
    )  # fmt: skip
    verify.check_opened(entries, bodies)
    note = (given.folder / "checkpoint.txt").read_text("utf-8")
    size, root = verify.check_tree(note, entries, manifest, given.key)
    verify.check_counts(entries, size, manifest)
    if given.checkpoint:
        verify.check_outside(given.checkpoint, size, root)
    verify.name_unlisted(given.folder, Path(__file__).name)
    sys.stdout.write(
        "! made_at 与文件名仅供阅读，未经证明。\n  made_at and names of files are for reading and not proved.\n"
        "· 摘选不能证明没有别的条目。\n  A selection cannot prove that there are no other entries.\n"
        + ("✗ 有不成立之处\n  it does not hold\n" if verify.faults else "✓ 全部成立\n  everything holds\n")
    )
    return bool(verify.faults)


if __name__ == "__main__":
    try:
        sys.exit(_main())
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        sys.stdout.write(f"✗ 摘选不全或无法读出：{error!r}\n  the selection is incomplete: {error!r}\n")
        sys.exit(1)
