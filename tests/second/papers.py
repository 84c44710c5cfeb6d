"""The second implementation of the papers that people keep: drill reports with their SSH signatures, recovery kits as age files.

Written from the design text, PROTOCOL.sshsig of OpenSSH and age-encryption.org/v1 alone.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import kastellan2 as k
from kastellan2 import Refused, b64, expand, extract, lp, unb64


def a_time(text):
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        raise Refused("malformed")
    return text


def location_name(text):
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise Refused("malformed")
    return text


# ---------------------------------------------------------------- drill report (SSHSIG)

NAMESPACE = b"kastellan-drill"


def report_signed(report, namespace=NAMESPACE):
    return b"SSHSIG" + lp(namespace) + lp(b"") + lp(b"sha512") + lp(hashlib.sha512(report).digest())


def report_public(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def report_blob(seed, report, namespace=NAMESPACE, version=1):
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(report_signed(report, namespace))
    public = lp(b"ssh-ed25519") + lp(report_public(seed))
    parts = (public, namespace, b"", b"sha512", lp(b"ssh-ed25519") + lp(signature))
    return b"SSHSIG" + struct.pack(">I", version) + b"".join(lp(part) for part in parts)


def armour(blob):
    text = b64(blob)
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def report_verify(public, report, armoured):
    found = re.fullmatch(r"\s*-----BEGIN SSH SIGNATURE-----([A-Za-z0-9+/=\r\n]*)-----END SSH SIGNATURE-----\s*", armoured)
    if not found:
        raise Refused("not-a-signature")

    def take(data):
        size = struct.unpack(">I", data[:4])[0] if len(data) >= 4 else 1 << 32
        if len(data) < 4 + size:
            raise Refused("not-a-signature")
        return data[4 : 4 + size], data[4 + size :]

    try:
        blob = unb64(re.sub("[\r\n]", "", found[1]))
    except Refused:
        raise Refused("not-a-signature") from None
    if blob[:6] != b"SSHSIG" or len(blob) < 10:
        raise Refused("not-a-signature")
    version, rest = struct.unpack(">I", blob[6:10])[0], blob[10:]
    parts = []
    for _ in range(5):
        part, rest = take(rest)
        parts.append(part)
    key, namespace, reserved, algorithm, signature = parts
    (key_kind, key), (signature_kind, signature) = take(key), take(signature)
    (key, more), (signature, even_more) = take(key), take(signature)
    if rest or reserved or more or even_more:
        raise Refused("not-a-signature")
    if version != 1 or algorithm != b"sha512" or key_kind != b"ssh-ed25519" or signature_kind != b"ssh-ed25519":
        raise Refused("kind")
    if namespace != NAMESPACE:
        raise Refused("namespace")
    if len(key) != 32 or len(signature) != 64:
        raise Refused("not-a-signature")
    if key != public:
        raise Refused("other-key")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, report_signed(report))
    except InvalidSignature:
        raise Refused("does-not-match") from None


# ---------------------------------------------------------------- recovery kit (age, passphrase)

AGE = b"age-encryption.org/v1\n"
SCHEMA = {
    "kit": int, "createdAt": a_time, "imports": [str], "instructions": str,
    "installation": {"name": str, "catalogId": str, "instanceId": str, "masterKeyId": str},
    "locations": [{
        "name": location_name, "kind": str, "path?": str, "bucket?": str, "prefix?": str, "endpoint?": str, "region?": str,
        "pathStyle?": int, "credentials?": {"accessKeyId": str, "secretAccessKey": str},
    }],
    "passkeys": [{"name": str, "method": str, "wrapId": str, "envelope": str, "passphrase?": str}],
    "drPassphrases": [{"number": int, "envelope": str, "passphrase?": str}],
    "pin": {"seq": int, "hash": str, "archiveSeq": int, "unarchived?": int},
}  # fmt: skip


def b64_bare(data):
    return base64.b64encode(data).rstrip(b"=")


def unb64_bare(text, size):
    data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    if b64_bare(data) != text or len(data) != size:
        raise ValueError
    return data


def age_scrypt(passphrase, salt, work):
    salted = b"age-encryption.org/v1/scrypt" + salt
    return hashlib.scrypt(passphrase, salt=salted, n=1 << work, r=8, p=1, maxmem=(1 << work) * 1024 + (1 << 21), dklen=32)


def age_chunks(file_key, nonce, data, seal):
    aead, step = ChaCha20Poly1305(expand(extract(nonce, file_key), b"payload", 32)), (65536 if seal else 65552)
    pieces = [data[at : at + step] for at in range(0, len(data), step)] or [b""]
    run = aead.encrypt if seal else aead.decrypt
    return b"".join(
        run(number.to_bytes(11, "big") + bytes([number + 1 == len(pieces)]), piece, None) for number, piece in enumerate(pieces)
    )


def kit_seal(document, passphrase, work=4, file_key=None, salt=None, nonce=None):
    file_key, salt, nonce = file_key or os.urandom(16), salt or os.urandom(16), nonce or os.urandom(16)
    wrapped = ChaCha20Poly1305(age_scrypt(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
    header = AGE + b"-> scrypt " + b64_bare(salt) + b" %d\n" % work + b64_bare(wrapped) + b"\n---"
    mac = k.hmac256(expand(extract(b"", file_key), b"header", 32), header)
    return header + b" " + b64_bare(mac) + b"\n" + nonce + age_chunks(file_key, nonce, document, True)


def kit_armour(data):
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN AGE ENCRYPTED FILE-----", *lines, "-----END AGE ENCRYPTED FILE-----", ""])


def kit_open(text, passphrase):
    found = re.fullmatch("\\s*-----BEGIN AGE ENCRYPTED FILE-----\r?\n(.*?)-----END AGE ENCRYPTED FILE-----\\s*", text, re.S)
    if not found and text.lstrip().startswith("-----BEGIN AGE"):
        raise Refused("altered")
    try:
        data = unb64(re.sub("\r?\n", "", found[1])) if found else text.encode("latin-1")
    except (Refused, UnicodeEncodeError):
        raise Refused("not-a-kit") from None
    stanza = re.match(
        rb"(age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]+) ([1-9][0-9]*)\n([A-Za-z0-9+/]{43})\n---) ([A-Za-z0-9+/]{43})\n(.{16})", data, re.S
    )
    if not stanza:
        to_others = data.startswith(AGE + b"-> X25519 ")
        raise Refused("needs-identity" if to_others else "not-a-kit")
    header, salt, work, wrapped, mac, nonce = stanza.groups()
    try:
        salt, work, wrapped, mac = unb64_bare(salt, 16), int(work), unb64_bare(wrapped, 32), unb64_bare(mac, 32)
    except ValueError:
        raise Refused("not-a-kit") from None
    if work > 20:
        raise Refused("work")
    if not re.fullmatch(rb"[\x20-\x7e]+", passphrase):
        raise Refused("passphrase")
    try:
        file_key = ChaCha20Poly1305(age_scrypt(passphrase, salt, work)).decrypt(bytes(12), wrapped, None)
    except InvalidTag:
        raise Refused("does-not-open") from None
    if not hmac.compare_digest(mac, k.hmac256(expand(extract(b"", file_key), b"header", 32), header)):
        raise Refused("altered")
    try:
        document = age_chunks(file_key, nonce, data[stanza.end() :], False)
    except (InvalidTag, ValueError):
        raise Refused("altered") from None
    return kit_document(document)


def kit_document(text):
    def once(members):
        if len(dict(members)) != len(members):
            raise Refused("malformed")
        return dict(members)

    try:
        document = json.loads(text.decode(), object_pairs_hook=once)
        if not isinstance(document.get("kit"), int) or document["kit"] == 0:
            raise Refused("malformed")
        if document["kit"] > 1:
            raise Refused("version")
        conforms(document, SCHEMA)
        for location in document["locations"]:
            s3, path = location["kind"] == "s3", "path" in location
            if location["kind"] not in ("s3", "directory") or s3 == path or s3 != ("bucket" in location):
                raise Refused("malformed")
            if s3 and ("prefix" not in location or location.get("pathStyle") not in (0, 1)):
                raise Refused("malformed")
    except (ValueError, AttributeError, RecursionError):
        raise Refused("malformed") from None
    return document


def conforms(value, schema):
    if isinstance(schema, list):
        good = isinstance(value, list) and all(conforms(each, schema[0]) for each in value)
    elif isinstance(schema, dict):
        names = {name.rstrip("?") for name in schema}
        good = isinstance(value, dict) and set(value) <= names
        for name, inner in schema.items():
            if good and (name.rstrip("?") in value or not name.endswith("?")):
                conforms(value.get(name.rstrip("?")), inner)
    elif schema is int:
        good = type(value) is int and 0 <= value < 1 << 64
    else:
        good = isinstance(value, str) and schema(value) is not None
    if not good:
        raise Refused("malformed")
    return True


# ---------------------------------------------------------------- as a process


def answer(request):
    do = request["do"]
    raw = lambda name: bytes.fromhex(request[name])  # noqa: E731
    if do == "report-sign":
        public = lp(b"ssh-ed25519") + lp(report_public(raw("seed")))
        return {"signature": armour(report_blob(raw("seed"), raw("report"))), "public": "ssh-ed25519 " + b64(public)}
    if do == "report":
        report_verify(raw("public"), raw("report"), request["signature"])
        return {"good": True}
    if do == "kit-seal":
        return {"file": kit_armour(kit_seal(json.dumps(request["document"]).encode(), raw("passphrase"), request["work"]))}
    if do == "kit":
        return {"document": kit_open(request["file"], raw("passphrase"))}
    return None
