#!/usr/bin/env python3
"""A second implementation of Kastellan's formats, written from the design text (crypto.md) alone.

It makes and reads every format of the catalog, so that a mistake in one implementation shows as a disagreement, and so that a
person without Kastellan has a readable account of the bytes. Python 3.9 or later; packages: cryptography, argon2-cffi, zstandard. What leaves
an installation stands in outside.py.

Choices that crypto.md leaves open, and that both implementations keep to:
  * in a wrap, ids are hex; salt, nonce and ciphertext are base64 (RFC 4648 section 4);
  * the 8-byte entry number in a journal hash is big-endian, as lp's length is;
  * a list number before a passphrase word is digits and then "." or ")", alone or joined to its word.

Used by the tests as a process: one JSON request a line on stdin, one JSON answer a line on stdout.
Here seeds and tests may ask for weak Argon2id settings; the shipped program cannot write them.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outside import Outside

MOST = 2**53 - 1
LONGEST = 1 << 20
SPACE = "\t\n\r "


class Refused(Exception):
    """Why something is not accepted, as one word."""


# ---------------------------------------------------------------- encodings


def lp(data):
    return struct.pack(">I", len(data)) + data


def unhex(text, size):
    if not re.fullmatch("[0-9a-f]*", text) or len(text) != 2 * size:
        raise Refused("hex")
    return bytes.fromhex(text)


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("base64") from None
    if b64(data) != text:  # stray bits, missing or extra padding
        raise Refused("base64")
    return data


def parse_object(text):
    """Flat JSON: values are strings or integers 0..2^53-1; a repeated member, another type or a float is refused."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    if len(text) > LONGEST:
        raise Refused("too-long")

    class Other:
        pass

    def pairs(members):
        return members

    def whole(digits):
        return int(digits) if re.fullmatch("0|[1-9][0-9]*", digits) and len(digits) < 20 else Other()

    def constant(_):
        raise Refused("not-an-object")

    try:
        members = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_int=whole,
            parse_float=lambda _: Other(),
            parse_constant=constant,
        )
    except (ValueError, RecursionError):
        raise Refused("not-an-object") from None
    if not text.strip(b" \t\r\n").startswith(b"{"):
        raise Refused("not-an-object")
    found = {}
    for name, value in members:
        for part in (name, value) if isinstance(value, str) else (name,):
            if any(0xD800 <= ord(c) <= 0xDFFF for c in part):
                raise Refused("not-an-object")
    for name, value in members:
        if name in found:
            raise Refused("repeated")
        if isinstance(value, bool) or not isinstance(value, (str, int)) or (isinstance(value, int) and not 0 <= value <= MOST):
            raise Refused("type")
        found[name] = value
    return found


def to_json(members):
    ordered = {name: members[name] for name in sorted(members, key=lambda name: name.encode())}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def canon(members, outputs=()):
    out = b""
    for name in sorted((n for n in members if n not in outputs), key=lambda n: n.encode()):
        out += lp(name.encode()) + lp(str(members[name]).encode())
    return out


def text_member(members, name):
    if not isinstance(members.get(name), str):
        raise Refused("malformed")
    return members[name]


def number_member(members, name):
    if not isinstance(members.get(name), int):
        raise Refused("malformed")
    return members[name]


# ---------------------------------------------------------------- derivations


def hmac256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def extract(salt, ikm):
    return hmac256(salt, ikm)


def expand(prk, info, size):
    out, block, count = b"", b"", 1
    while len(out) < size:
        block = hmac256(prk, block + info + bytes([count]))
        out += block
        count += 1
    return out[:size]


def derive(master, policy):
    prk = extract(b"kastellan.v1", master)
    policy_key = expand(prk, b"policy\0" + policy.encode(), 32)
    return {
        "prk": prk,
        "policyKey": policy_key,
        "policyKeyId": expand(extract(b"kastellan.v1", policy_key), b"key-id", 8),
        "metadataKey": expand(prk, b"catalog-metadata", 32),
        "journalKey": expand(prk, b"journal-mac", 32),
        "signingSeed": expand(prk, b"report-signing", 32),
        "masterKeyId": expand(prk, b"key-id", 8),
    }


def master_key_id(master):
    return derive(master, "x")["masterKeyId"].hex()


# ---------------------------------------------------------------- box and record


def box_key(key, label, salt):
    return expand(key, lp(b"kastellan.box.v1") + lp(label.encode()) + salt, 32)


def box_seal(key, label, plaintext, ad, salt=None):
    salt = salt or os.urandom(32)
    return salt + AESGCM(box_key(key, label, salt)).encrypt(bytes(12), plaintext, ad)


def box_open(key, label, sealed, ad):
    if len(sealed) < 32 + 16:
        raise Refused("altered")
    try:
        return AESGCM(box_key(key, label, sealed[:32])).decrypt(bytes(12), sealed[32:], ad)
    except InvalidTag:
        raise Refused("altered") from None


def record_seal(metadata_key, catalog_id, kind, record_id, rev, clear, private, salt=None):
    clear = dict(clear, kind=kind, id=record_id, rev=rev, catalogId=catalog_id)
    sealed = box_seal(metadata_key, "record", to_json(private).encode(), canon(clear), salt)
    return {"kind": kind, "id": record_id, "rev": rev, "clear": to_json(clear), "sealed": sealed.hex()}


def record_open(metadata_key, catalog_id, row):
    try:
        clear = parse_object(row["clear"])
    except Refused:
        raise Refused("malformed") from None
    for name in ("kind", "id", "catalogId"):
        text_member(clear, name)
    number_member(clear, "rev")
    if (clear["kind"], clear["id"], clear["rev"]) != (row["kind"], row["id"], row["rev"]) or clear["catalogId"] != catalog_id:
        raise Refused("altered")
    return clear, parse_object(box_open(metadata_key, "record", bytes.fromhex(row["sealed"]), canon(clear)))


def record_digest(row):
    return hashlib.sha256(canon(parse_object(row["clear"])) + bytes.fromhex(row["sealed"])).digest()


# ---------------------------------------------------------------- passphrases


def word_list():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "english.txt"), encoding="ascii") as file:
        return file.read().split()


WORDS = word_list()
PLACE = {word: place for place, word in enumerate(WORDS)}


def check_bits_right(words):
    bits = "".join(format(PLACE[word], "011b") for word in words)
    digest = hashlib.sha256(int(bits[:128], 2).to_bytes(16, "big")).digest()
    return format(digest[0], "08b")[:4] == bits[128:]


def ascii_lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def canonical(raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw
    text = unicodedata.normalize("NFKC", text).strip(SPACE)
    words = [re.sub(r"^[0-9]+[.)]", "", word) for word in re.split("[\t\n\r ]+", text)]
    words = [ascii_lower(word) for word in words if word]
    if len(words) == 12 and all(word in PLACE for word in words) and check_bits_right(words):
        return " ".join(words).encode()
    return text.encode()


def entered(raw):
    found = canonical(raw)
    if not found:
        raise Refused("empty")
    return found


def made(raw):
    found = entered(raw)
    if len(found) > 1024:
        raise Refused("too-long")
    try:
        text = found.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-text") from None
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise Refused("control")
    if any(unicodedata.category(c) == "Cn" for c in text):
        raise Refused("unassigned")
    return found


# ---------------------------------------------------------------- wrap

OUTPUTS = ("ciphertext", "nonce", "keyArn", "keyVersion")


def argon2id(passphrase, salt, m, t, p):
    if not (1 <= p <= 16 and 1 <= t <= 16 and 8 * p <= m <= 2097152 and m * t <= 4194304):
        raise Refused("out-of-bounds")
    return hash_secret_raw(passphrase, salt, time_cost=t, memory_cost=m, parallelism=p, hash_len=32, type=Type.ID, version=0x13)


def wrap_ad(members):
    return lp(b"kastellan.wrap.v1") + canon(members, OUTPUTS)


def wrap_make(draft, master, passphrase, m, t, p, salt=None, nonce=None):
    salt = salt or os.urandom(16)
    nonce = nonce or os.urandom(12)
    members = dict(draft, v=1, method="passphrase", kdf="argon2id", m=m, t=t, p=p, salt=b64(salt))
    kek = argon2id(passphrase, salt, m, t, p)
    ciphertext = AESGCM(kek).encrypt(nonce, master, wrap_ad(members))
    return to_json(dict(members, nonce=b64(nonce), ciphertext=b64(ciphertext)))


def wrap_open(text, passphrase):
    try:
        members = parse_object(text)
    except Refused:
        raise Refused("malformed") from None
    version = number_member(members, "v")
    if version != 1:
        raise Refused("version" if version > 1 else "malformed")
    for name in ("catalogId", "masterKeyId", "passkey", "wrapId", "method", "createdAt"):
        text_member(members, name)
    if members["method"] != "passphrase":
        raise Refused("method")
    if text_member(members, "kdf") != "argon2id":
        raise Refused("malformed")
    m, t, p = (number_member(members, name) for name in "mtp")
    parts = []
    for name, size in (("salt", 16), ("nonce", 12), ("ciphertext", 48)):
        try:
            parts.append(unb64(text_member(members, name)))
        except Refused:
            raise Refused("malformed") from None
        if len(parts[-1]) != size:
            raise Refused("malformed")
    salt, nonce, ciphertext = parts
    kek = argon2id(passphrase, salt, m, t, p)
    try:
        master = AESGCM(kek).decrypt(nonce, ciphertext, wrap_ad(members))
    except InvalidTag:
        raise Refused("does-not-open") from None
    if master_key_id(master) != members["masterKeyId"]:
        raise Refused("other-key")
    return master


# ---------------------------------------------------------------- journal

JOURNAL = lp(b"kastellan.journal.v1")


def chain_start(catalog_id, instance_id):
    return hashlib.sha256(JOURNAL + lp(catalog_id.encode()) + lp(instance_id.encode())).digest()


def entry_hash(previous, seq, text):
    return hashlib.sha256(JOURNAL + previous + struct.pack(">Q", seq) + lp(text.encode())).digest()


def journal_make(catalog_id, instance_id, texts, key=None, unvouched=()):
    """The stored entries of these texts; numbers in `unvouched` were written while locked."""
    link, stored = chain_start(catalog_id, instance_id), []
    for seq, text in enumerate(texts, 1):
        link = entry_hash(link, seq, text)
        mac = hmac256(key, link).hex() if key and seq not in unvouched else ""
        stored.append({"seq": seq, "text": text, "hash": link.hex(), "mac": mac})
    return stored


def journal_read(catalog_id, instance_id, stored, key):
    """How many entries continue the chain, and for each of those what its MAC says: true, false, or none."""
    link, intact, vouched = chain_start(catalog_id, instance_id), 0, []
    for seq, entry in enumerate(stored, 1):
        link = entry_hash(link, seq, entry["text"])
        if entry["seq"] != seq or bytes.fromhex(entry["hash"]) != link:
            break
        intact = seq
        mac = bytes.fromhex(entry["mac"])
        vouched.append(hmac.compare_digest(mac, hmac256(key, link)) if mac else None)
    return intact, vouched


# ---------------------------------------------------------------- as a process


def answer(request):
    do = request["do"]
    raw = lambda name: bytes.fromhex(request[name])  # noqa: E731
    if do == "object":
        members = parse_object(raw("text"))
        return {"canon": canon(members, request.get("outputs", [])).hex(), "json": to_json(members)}
    if do == "base64":
        return {"bytes": unb64(request["text"]).hex()}
    if do == "hex":
        return {"bytes": unhex(request["text"], request["size"]).hex()}
    if do == "derive":
        return {name: value.hex() for name, value in derive(raw("master"), request["policy"]).items()}
    if do == "box-seal":
        return {"sealed": box_seal(raw("key"), request["label"], raw("plaintext"), raw("ad")).hex()}
    if do == "box":
        return {"plaintext": box_open(raw("key"), request["label"], raw("sealed"), raw("ad")).hex()}
    if do == "record-seal":
        row = record_seal(
            raw("metadataKey"), request["catalogId"], request["kind"], request["id"], request["rev"], request["clear"], request["private"]
        )
        return {"row": row, "digest": record_digest(row).hex()}
    if do == "record":
        clear, private = record_open(raw("metadataKey"), request["catalogId"], request["row"])
        return {"clear": to_json(clear), "private": to_json(private), "digest": record_digest(request["row"]).hex()}
    if do == "passphrase":
        found = {"entered": entered(raw("raw")).hex()}
        try:
            found["made"] = made(raw("raw")).hex()
        except Refused as refused:
            found["refused"] = str(refused)
        return found
    if do == "argon2id":
        return {"key": argon2id(raw("passphrase"), raw("salt"), request["m"], request["t"], request["p"]).hex()}
    if do == "wrap-make":
        return {"wrap": wrap_make(request["draft"], raw("master"), raw("passphrase"), request["m"], request["t"], request["p"])}
    if do == "wrap":
        return {"master": wrap_open(request["wrap"], raw("passphrase")).hex()}
    if do == "journal-make":
        stored = journal_make(request["catalogId"], request["instanceId"], request["texts"], raw("journalKey"), request["unvouched"])
        return {"entries": stored}
    if do == "journal":
        intact, vouched = journal_read(request["catalogId"], request["instanceId"], request["entries"], raw("journalKey"))
        return {"intact": intact, "vouched": vouched}
    import papers  # knows this file, so not at its top

    found = papers.answer(request)
    return Outside(sys.modules[__name__]).answer(request) if found is None else found


def main():
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Refused as refused:
            reply = {"refused": str(refused)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    import kastellan2  # as the module that papers.py knows, so that there is one Refused

    kastellan2.main()
