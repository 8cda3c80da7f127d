"""Send release notices from a detention centre, and keep the proof.

1  keygen           makes the centre's key pair; the *.pub.pem goes to the coordinator, who registers it
2  push FILE...     sends batches (.json as in the agreement, or the template filled in as .csv or .xlsx) until they are acknowledged;
                    after a restart `push` without a file goes on with what is still in the spool
3  verify-receipt   proves, without a network, who received what and when
4  reconcile        once a day: declares what was sent, and names what did not arrive
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.app_keys import CENTRE_CODE
from core.clock import today_date
from core.errors import FixConfiguration, GuituError
from portal.centre_client.place import Place, make_keys

if TYPE_CHECKING:
    from portal.centre_client.sending import Outcome

FOLDER = Path(os.environ.get("GUITU_CENTRE_FOLDER", "~/.guitu-centre")).expanduser()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an expected error is one clear line and exit status 1."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given) or 0)
    except GuituError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what is in the spool stays there, `push` goes on with it", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m portal.centre_client", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"the centre's folder (default: GUITU_CENTRE_FOLDER or {FOLDER})")
    commands = parser.add_subparsers(required=True, metavar="command")
    keygen = commands.add_parser("keygen", help="make a key pair and the settings; run again for a new pair, the older one stays")
    keygen.add_argument("--centre", required=True, help="the centre's organisation code, like 140100Q001")
    keygen.add_argument("--url", required=True, help="address of the intake, like https://guitu.example.cn")
    keygen.add_argument("--ca", help="file with the certificate authority of the intake, where the machine does not know it")
    keygen.set_defaults(run=_keygen)
    push = commands.add_parser("push", help="send batches until they are acknowledged, for up to 75 hours each")
    push.add_argument("files", nargs="*", type=Path, metavar="FILE", help=".json, .csv or .xlsx; none: what is still in the spool")
    push.add_argument("--nil", metavar="YYYYMM", help="tell that a month had no releases")
    push.add_argument("--once", action="store_true", help="try once and leave the rest to the next call (for a timer)")
    push.set_defaults(run=_push)
    verify = commands.add_parser("verify-receipt", help="prove a kept answer, offline")
    verify.add_argument("answer", type=Path, help="receipts/<batch_id>.json, or a file with the bare receipt")
    verify.add_argument("--keys", type=Path, help="the intake's JWKS file (default: keys.json of the folder)")
    verify.add_argument("--batch", type=Path, help="the batch it should be about (default: the one kept in the folder, if it is there)")
    verify.set_defaults(run=_verify)
    reconcile = commands.add_parser("reconcile", help="declare a day to the intake and compare it with the intake's signed manifest")
    reconcile.add_argument("day", nargs="?", type=date.fromisoformat, help="like 2026-11-20 (default: yesterday)")
    reconcile.set_defaults(run=_reconcile)
    return parser


def _keygen(given: argparse.Namespace) -> None:
    if not CENTRE_CODE.fullmatch(given.centre):
        raise FixConfiguration("a centre's code has 6 digits, a capital letter and 3 digits, like 140100Q001")
    public_file, app_key = make_keys(Place(given.folder), given.centre, given.url, given.ca)
    print(f"app key {app_key}\nsend {public_file} to the coordinator, who registers it; the private key stays here and is for nobody else")


def _push(given: argparse.Namespace) -> int:
    from portal.centre_client.batches import batches_of, nil_batch
    from portal.centre_client.sending import enqueue

    place = Place(given.folder)
    centre = place.settings["centre_code"]
    batches: dict[str, bytes] = nil_batch(given.nil, centre) if given.nil else {}
    for file in given.files:
        batches |= batches_of(file, centre)
    waiting = sorted(file.stem for file in place.spool.glob("*.json"))
    for batch_id, content in batches.items():
        if enqueue(place, batch_id, content):
            waiting.append(batch_id)
        else:
            print(f"{batch_id}: answered before, see {place.receipts / batch_id}.json")
    return _send_all(place, list(dict.fromkeys(waiting)), once=given.once)


def _send_all(place: Place, waiting: list[str], *, once: bool) -> int:
    from portal.centre_client.sending import send_all

    came = send_all(place, waiting, lambda line: print(line, file=sys.stderr), once=once)
    return max((_tell(batch_id, of_batch) for batch_id, of_batch in came), default=0)


def _tell(batch_id: str, came: Outcome | GuituError) -> int:
    if isinstance(came, GuituError):
        print(f"{batch_id}: {came}", file=sys.stderr)
        return 1
    answer = came.answer
    print(
        f"{batch_id}: {answer['received']} received, {answer['accepted']} accepted, {answer['duplicates']} known already, "
        f"{len(answer['rejected'])} refused, {len(answer['warnings'])} warnings; receipt in {came.kept_in}"
    )
    for line in (*answer["rejected"], *answer["warnings"]):
        print(f"  row {line['row_number']} {line['source_key'] or ''} {line['field'] or ''} {line['error_code']}: {line['message']}")
    return int(bool(answer["rejected"]))


def _verify(given: argparse.Namespace) -> None:
    from portal.centre_client.sending import check_receipt

    place = Place(given.folder)
    said = _read(given.answer).strip()
    answer = _json(given.answer, said) if said.startswith("{") else {"receipt": said}
    key_set = _json(given.keys, _read(given.keys)) if given.keys else place.key_set
    kept = [given.batch] if given.batch else [place.folder / name / f"{answer.get('batch_id')}.json" for name in ("sent", "refused")]
    content = next((file.read_bytes() for file in kept if file.exists()), None)
    if given.batch and content is None:
        raise FixConfiguration(f"{given.batch} is not there")
    claims = check_receipt(str(answer.get("receipt")), key_set, content)
    print(json.dumps(claims, ensure_ascii=False, indent=1))
    print("genuine" + (", and about the bytes that were sent" if content is not None else "; compare body_sha256 with your file's SHA-256"))


SAYS = {
    "not_received": "never arrived: push sends what is in the spool; what was refused needs a new file",
    "without_receipt": "arrived, and its receipt did not: push again gives it",
    "different": "the intake holds other bytes under this batch_id: give changed rows a new one",
    "unknown": "the intake has it from this centre's key, and this folder does not know it: is there another machine?",
    "damaged": "the receipt kept here was changed or cannot be read: push the batch's file in sent/ or refused/ again, it comes anew",
    "not_listed": "there is a receipt here, and the intake does not list it: show the receipt to the coordinator",
}


def _reconcile(given: argparse.Namespace) -> int:
    from portal.centre_client.asking import TryAgain
    from portal.centre_client.reconciling import reconcile

    place, day = Place(given.folder), given.day or today_date() - timedelta(days=1)
    try:
        found = reconcile(place, day)
    except TryAgain as error:
        kept = len(list(place.spool.glob("*.json")))
        print(f"{day}: not reconciled, run it again: {error}; {kept} batches are kept unsent here", file=sys.stderr)
        return 1
    for kind, means in SAYS.items():
        for batch_id in getattr(found, kind):
            print(f"{batch_id}: {means}")
    so_far = "" if found.is_complete else " so far"
    print(f"{day}: the intake lists {found.count} deliveries{so_far}; {'both sides agree' if found.is_clean else 'both sides differ'}")
    return int(not found.is_clean)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfiguration(f"{file} cannot be read ({type(error).__name__})") from error


def _json(file: Path, said: str) -> dict[str, Any]:
    try:
        return dict(json.loads(said))
    except (ValueError, TypeError) as error:
        raise FixConfiguration(f"{file} is no JSON object") from error


if __name__ == "__main__":
    sys.exit(main())
