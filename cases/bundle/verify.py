"""校验证据包 / check an evidence bundle. Python 3.9+, and one library: pip install cryptography

    python verify.py                       在解开的证据包文件夹中运行 / in the folder of the unpacked bundle
    python verify.py --key KEY             以您从别处得知的公钥验签 / by a key that you know from elsewhere
    python verify.py --checkpoint FILE     与您从别处取得的存证点比对 / against a checkpoint from elsewhere

退出码 0 全部成立，1 有不成立之处 / exit code 0: all holds. RFC 6962; C2SP signed-note, tlog-checkpoint; Ed25519.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

faults: list = []


def _say(mark, chinese, english):
    sys.stdout.write(f"{mark} {chinese}\n  {english}\n")


def judge(wrong, chinese, english, *holds):
    """``wrong``: where it does not hold; ``holds``: the sentences for when it holds everywhere."""
    if not wrong:
        return _say("✓", *holds)
    faults.append(english)
    where = ", ".join(map(str, wrong[:5])) + (" …" if len(wrong) > 5 else "")
    return _say("✗", f"{chinese}：{where}", f"{english}: {where}")


def _sha(content):
    return hashlib.sha256(content).hexdigest()


def root_of(digest, proof, size):
    """The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2); None when it cannot be one."""
    at, last = proof["index"], size - 1
    found = hashlib.sha256(b"\0" + bytes.fromhex(digest)).digest()
    if not 0 <= at <= last:
        return None
    for sibling in map(base64.b64decode, proof["path"]):
        if last == 0:
            return None
        left = at & 1 or at == last
        found = hashlib.sha256(b"\1" + (sibling + found if left else found + sibling)).digest()
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def checkpoint_of(note):
    """(text, lines of signatures, size, root) of a checkpoint."""
    text, _, lines = note.rpartition("\n\n")
    _origin, size, root = text.split("\n")[:3]
    return text + "\n", lines.strip().split("\n"), int(size), base64.b64decode(root, validate=True)


def signed(text, lines, key):
    """Whether the log that has this verifier key, name+hash+base64, signed the text."""
    name, given, body = key.strip().split("+", 2)
    public = base64.b64decode(body, validate=True)
    mark = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    if public[0] != 1 or mark.hex() != given:
        return False
    for line in lines:
        who, _, signature = line.removeprefix("— ").partition(" ")
        content = base64.b64decode(signature)
        if who == name and content[:4] == mark:
            try:
                return Ed25519PublicKey.from_public_bytes(public[1:]).verify(content[4:], text.encode()) is None
            except InvalidSignature:
                continue
    return False


def read_entries(folder, name="entries.jsonl"):
    """The entries, and their bodies by number for those that are shown and unaltered."""
    lines = (folder / name).read_text("utf-8").split("\n")  # splitlines() would split inside of words
    entries = [json.loads(line) for line in (lines if lines[-1] else lines[:-1])]
    if not entries:
        judge(["0"], "没有条目", "there are no entries")
    shown = [entry for entry in entries if "body" in entry]
    altered = [f"#{entry['seq']}" for entry in shown if _sha(entry["body"].encode()) != entry["digest"]]
    judge(altered, "条目内容与其摘要不符，内容被改动", "entries were altered: content and digest differ",
          f"{len(shown)} 条条目的内容与摘要相符", f"{len(shown)} entries give their digests")  # fmt: skip
    bodies = {entry["seq"]: json.loads(entry["body"]) for entry in shown if f"#{entry['seq']}" not in altered}
    return entries, bodies


def check_counts(entries, size, manifest):
    """As many entries shown, and as large a checkpoint, as the manifest says."""
    shown = sum("body" in entry for entry in entries)
    same = (shown + manifest.get("hidden", 0), size) == (manifest["entries"], manifest["checkpoint_size"])
    judge([] if same else [f"{shown}, {size}"], "所示条目或存证点条数与清单不符",
          "entries shown or size of the checkpoint are not as listed",
          f"清单所称的 {shown} 条条目都已示出", f"all {shown} entries are shown that are listed as shown")  # fmt: skip


def check_case(bodies, manifest):
    """The number of the case in the manifest, against those that entries shown were written of."""
    named = {n: b["subject"][1] for n, b in bodies.items() if b["subject"][0] == "case"}
    if not named:
        return _say("!", "所示条目未写明案件号，案件号未经证明。",
                    "No entry shown names the case: its number is not proved.")  # fmt: skip
    other = [f"#{n} {number}" for n, number in named.items() if number != manifest["case"]]
    return judge(other, "清单所称案件号与条目不符", "the entries are of another case than the manifest says",
                 f"{len(named)} 条写明案件号，与清单相符",
                 f"{len(named)} entries name the case of the manifest")  # fmt: skip


def check_chain(entries, bodies, manifest, whose=("本案", "this case", "他案", "another case")):
    """Numbers without a gap, and each entry naming the digest before it."""
    found = [entry["seq"] for entry in entries]
    wanted = list(range(1, manifest["entries"] + 1))
    missing = [f"#{n}" for n in wanted if n not in set(found)] or (["?"] if found != wanted else [])
    judge(missing, "缺少条目或次序不对", "entries are missing or out of order",
          f"编号 1 至 {len(found)} 无缺", f"numbers 1 to {len(found)} without a gap")  # fmt: skip
    digests = {0: ""} | {entry["seq"]: entry["digest"] for entry in entries}
    links = {n: (manifest["chain"], n, digests.get(n - 1)) for n in bodies}
    broken = [f"#{n}" for n, b in bodies.items() if (b["chain"], b["seq"], b["previous"]) != links[n]]
    judge(broken, f"断链，前一条目被替换，或条目属于{whose[2]}",
          f"broken links: an entry was replaced or is of {whose[3]}",
          f"每条连着前一条，都属于{whose[0]}", f"each entry names the one before it, all of {whose[1]}")  # fmt: skip


def check_opened(entries, bodies):
    """What was sealed and is shown, against its seal."""
    false, withheld, erased, shown = [], 0, 0, 0
    for entry in entries:
        seals = bodies.get(entry["seq"], {}).get("sealed", {})
        opened, gone = entry.get("opened", {}), entry.get("erased", ())
        for part, told in opened.items():
            value = json.dumps(told["value"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            if _sha(bytes.fromhex(told["salt"]) + value.encode()) != seals.get(part):
                false.append(f"#{entry['seq']} {part}")
        shown, erased, withheld = shown + len(opened), erased + len(gone), withheld + len(set(seals) - {*opened, *gone})
    judge(false, "所示姓名或文字与封存的摘要不符", "names or words shown are not those that were sealed",
          f"{shown} 处姓名与文字与封存的摘要相符", f"{shown} names and words are as they were sealed")  # fmt: skip
    if erased:
        _say("!", f"声明 {erased} 处已依法删除，无法核对。", f"{erased} declared erased, cannot be checked.")
    return withheld


def check_proofs(entries, size, root):
    """Each proof of inclusion against the root of the checkpoint."""
    outside = [f"#{entry['seq']}" for entry in entries if root_of(entry["digest"], entry["proof"], size) != root]
    judge(outside, "存在证明不成立，条目不在存证点的台账中", "proofs fail: not in the ledger of the checkpoint",
          f"{len(entries)} 条都在存证点的 {size} 条台账之中",
          f"all {len(entries)} are among the {size} of the checkpoint")  # fmt: skip


def check_beside(folder, told, case, size, root):
    """A chain beside the case, as the chain of the case itself; (entries not shown, words withheld)."""
    _say("·", "另链 {is} {name}".format(**told), "beside the case: {is} {name}".format(**told))
    entries, bodies = read_entries(folder, told["path"])
    check_chain(entries, bodies, told, ("该链", "this chain", "他链", "another chain"))
    withheld = check_opened(entries, bodies)
    check_proofs(entries, size, root)
    check_counts(entries, size, told | {"checkpoint_size": size})
    if not any(side.get("case") == case for body in bodies.values() for side in (body["before"], body["after"])):
        _say("!", "所示条目未写明本案，该链与本案的关系未经证明。",
            "No entry shown names the case: that this chain belongs to it is not proved.")  # fmt: skip
    return sum("body" not in entry for entry in entries), withheld


def check_tree(note, entries, manifest, own):
    """Signatures of the checkpoint, and each proof against its root; (size, root)."""
    text, lines, size, root = checkpoint_of(note)
    check_proofs(entries, size, root)
    good = any(signed(text, lines, key) for key in manifest["keys"])
    judge([] if good else manifest["keys"] or ["—"], "存证点的签名不成立", "the signature of the checkpoint fails",
          "存证点由证据包中的公钥签名", "the checkpoint is signed by the key in the bundle")  # fmt: skip
    if own:
        judge([] if signed(text, lines, own) else [own], "存证点不是您给出的公钥所签", "not signed by the key given",
              "存证点由您给出的公钥签名", "signed by the key that you gave")  # fmt: skip
    else:
        _say("!", "证据包不能证明公钥属于谁：请从别处取得公钥，用 --key 再验。",
            "A bundle cannot prove whose key it is: get the key from elsewhere and use --key.")  # fmt: skip
    return size, root


def check_outside(path, size, root):
    """A checkpoint of the same size from elsewhere has the same root; one of another size says nothing."""
    other, root_there = checkpoint_of(Path(path).read_text("utf-8"))[2:]
    if other != size:
        return _say("!", f"未与外来存证点比对，条数不同：{other} ≠ {size}。",
                    f"The outside checkpoint was not compared: sizes differ, {other} ≠ {size}.")  # fmt: skip
    return judge([] if root == root_there else [other], "与外来存证点不一致，台账有两个版本", "there are two ledgers",
                 "与外来存证点一致", "agrees with the outside checkpoint")  # fmt: skip


def check_files(folder, manifest, bodies):
    """Files as listed, originals of proofs as the ledger tells."""
    told = {b["after"]["sha256"] for b in bodies.values() if b["verb"] == "evidence.add"}
    gone = {b["after"]["sha256"]: b["at"][:16] + "Z" for b in bodies.values() if b["verb"] == "evidence.remove"}
    wrong, originals = [], set()
    for file in manifest["files"]:
        path = folder / file["path"]
        found = _sha(path.read_bytes()) if path.is_file() else None
        if found != file["sha256"] or (file["is"] == "original" and found not in told):
            wrong.append(file["path"])
        elif file["is"] == "original":
            originals.add(found)
    count, kept = len(manifest["files"]), len(originals)
    judge(wrong, "文件缺失，或与登记的摘要不符", "files are missing or altered",
          f"{count} 个文件与摘要相符，其中 {kept} 个凭证原件与台账相符",
          f"{count} files as listed; {kept} originals of proofs as the ledger tells")  # fmt: skip
    for sha256 in sorted(gone.keys() & told - originals):
        _say("!", f"凭证原件 {sha256[:12]} 已依保存期限于 {gone[sha256]} 清除，台账有载。",
            f"Original {sha256[:12]} was removed under retention on {gone[sha256]}, as the ledger tells.")  # fmt: skip
    if left := len(told - originals - gone.keys()):
        _say("!", f"{left} 个凭证的原件不在包内，所附副本不能与台账比对。",
            f"{left} originals of proofs are not here; copies cannot be held against the ledger.")  # fmt: skip


def name_unlisted(folder, *listed):
    """Name the files in the folder that are not of the bundle."""
    listed = {"manifest.json", "entries.jsonl", "checkpoint.txt", "README.txt", "verify.py", *listed}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()}
    if more := ", ".join(map(repr, sorted(there - listed))):
        _say("!", f"文件夹中有未列入清单的文件，不在证明之内：{more}",
            f"Files that are not listed, and not proved: {more}")  # fmt: skip


def _main():
    asked = argparse.ArgumentParser(usage=__doc__)
    asked.add_argument("folder", nargs="?", default=Path(__file__).parent, type=Path)
    asked.add_argument("--key")
    asked.add_argument("--checkpoint")
    given = asked.parse_args()
    manifest = json.loads((given.folder / "manifest.json").read_text("utf-8"))
    _say("·", "案件 {case}，{made_at}".format(**manifest), "case {case}, {made_at}".format(**manifest))
    entries, bodies = read_entries(given.folder)
    check_chain(entries, bodies, manifest)
    check_case(bodies, manifest)
    withheld = check_opened(entries, bodies)
    size, root = check_tree((given.folder / "checkpoint.txt").read_text("utf-8"), entries, manifest, given.key)
    check_counts(entries, size, manifest)
    if given.checkpoint:
        check_outside(given.checkpoint, size, root)
    check_files(given.folder, manifest, bodies)
    hidden, besides = sum("body" not in entry for entry in entries), manifest.get("beside", [])
    for told in besides:
        more = check_beside(given.folder, told, manifest["case"], size, root)
        hidden, withheld = hidden + more[0], withheld + more[1]
    name_unlisted(given.folder, *(file["path"] for file in [*manifest["files"], *besides]))
    _say("!", "report.pdf、made_at、文件名与说明仅供阅读，未经证明；只有凭证原件与台账比对。",
        "report.pdf, made_at, names and notes of files are for reading and not proved;"
        " only originals of proofs are held against the ledger.")  # fmt: skip
    _say("·", f"未示：{hidden} 条条目只有摘要；{withheld} 处姓名或文字不示。",
        f"Not shown: {hidden} entries (digest only); {withheld} names or words.")  # fmt: skip
    _say("·", "最后一条之后是否还有条目、所记是否属实，证据包不能证明。",
        "What came after the last entry, and whether what was written is true, a bundle cannot prove.")  # fmt: skip
    failed = ("✗", f"{len(faults)} 项不成立", f"{len(faults)} checks failed")
    _say(*(failed if faults else ("✓", "全部成立", "everything holds")))
    return bool(faults)


if __name__ == "__main__":
    try:
        sys.exit(_main())
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        _say("✗", f"证据包不全或无法读出：{error!r}", f"the bundle is incomplete or cannot be read: {error!r}")
        sys.exit(1)
