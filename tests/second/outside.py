"""What leaves an installation: Tink streams, the facts of artifacts, import data, DR archives. Written from crypto.md alone.

Choices that crypto.md leaves open, and that both implementations keep to:
  * an archive's header carries its salt and check in base64, and its Argon2id settings as m, t and p beside kdf;
  * the first line names the journal's end as journalSeq and journalHash, and the archive before it as previous (hex, empty for none);
  * a record's line is kind, id, rev, clear (the text as stored) and box (base64);
  * import data names its location by locationKind and the members of that kind.
"""

import base64
import hashlib
import json
import os
import struct

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEGMENT, HEADER, TAG = 1 << 20, 40, 16


class Outside:
    """The formats, over the parts (`k`) of the main module."""

    def __init__(self, k):
        self.k = k

    # ------------------------------------------------ streams

    def stream_key(self, key, salt, ad):
        return AESGCM(self.k.expand(self.k.extract(salt, key), ad, 32))

    def nonce(self, prefix, number, last):
        return prefix + struct.pack(">I", number) + (b"\1" if last else b"\0")

    def stream_seal(self, key, ad, plain):
        salt, prefix = os.urandom(32), os.urandom(7)
        aead = self.stream_key(key, salt, ad)
        out, number, at = bytes([HEADER]) + salt + prefix, 0, 0
        while True:
            room = SEGMENT - TAG - (HEADER if number == 0 else 0)
            piece, at = plain[at : at + room], at + room
            last = at >= len(plain)
            out += aead.encrypt(self.nonce(prefix, number, last), piece, None)
            if last:
                return out
            number += 1

    def stream_open(self, key, ad, stored):
        if len(stored) < HEADER or stored[0] != HEADER:
            raise self.k.Refused("stream")
        aead, prefix = self.stream_key(key, stored[1:33], ad), stored[33:HEADER]
        out, number, at = b"", 0, HEADER
        while True:
            end = (number + 1) * SEGMENT
            piece, last = stored[at:end], end >= len(stored)
            try:
                out += aead.decrypt(self.nonce(prefix, number, last), piece, None)
            except (InvalidTag, ValueError):
                raise self.k.Refused("stream") from None
            if last:
                return out
            number, at = number + 1, end

    # ------------------------------------------------ facts of artifacts

    def policy_prk(self, policy_key):
        return self.k.extract(b"kastellan.v1", policy_key)

    def policy_key_id(self, policy_key):
        return self.k.expand(self.policy_prk(policy_key), b"key-id", 8).hex()

    def artifact_ad(self, catalog_id, policy, artifact_id):
        return b"".join(self.k.lp(part.encode()) for part in ("kastellan.artifact.v1", catalog_id, policy, artifact_id))

    def sidecar_make(self, public, private, policy_key, hidden=None):
        public = dict(public, format="kastellan.artifact.v1", policyKeyId=self.policy_key_id(policy_key))
        if hidden is not None:
            ad = self.k.lp(public["catalogId"].encode()) + self.k.lp(public["artifactId"].encode())
            public["policyBox"] = self.k.b64(self.k.box_seal(hidden, "policy-name", public.pop("policy").encode(), ad))
        key = self.k.expand(self.policy_prk(policy_key), b"artifact-metadata", 32)
        public["sealed"] = self.k.b64(self.k.box_seal(key, "artifact", self.k.to_json(private).encode(), self.k.canon(public)))
        return self.k.to_json(public)

    def sidecar_open(self, text, policy_key, metadata_key):
        facts = self.k.parse_object(text.encode())
        if facts.get("policyKeyId") != self.policy_key_id(policy_key):
            raise self.k.Refused("other-key")
        key = self.k.expand(self.policy_prk(policy_key), b"artifact-metadata", 32)
        private = self.k.parse_object(self.k.box_open(key, "artifact", self.k.unb64(facts["sealed"]), self.k.canon(facts, ["sealed"])))
        policy = facts.get("policy")
        if policy is None:
            ad = self.k.lp(facts["catalogId"].encode()) + self.k.lp(facts["artifactId"].encode())
            policy = self.k.box_open(metadata_key, "policy-name", self.k.unb64(facts["policyBox"]), ad).decode()
        return policy, private

    # ------------------------------------------------ import data

    def import_text(self, prefix, payload):
        check = hashlib.sha256(prefix + payload).digest()[:4]
        return (prefix + base64.urlsafe_b64encode(payload + check).rstrip(b"=")).decode()

    def import_make(self, members, passphrase=None, m=0, t=0, p=0):
        payload = self.k.to_json(members).encode()
        if passphrase is None:
            return self.import_text(b"kst1_", payload)
        salt = os.urandom(16)
        root = self.k.argon2id(passphrase, salt, m, t, p)
        check = self.k.expand(root, b"kastellan.import.v1 check", 32)
        header = {"v": 1, "m": m, "t": t, "p": p, "salt": self.k.b64(salt), "check": self.k.b64(check)}
        front = self.k.lp(self.k.to_json(header).encode())
        key = self.k.expand(root, b"kastellan.import.v1 key", 32)
        return self.import_text(b"kst1p_", front + AESGCM(key).encrypt(bytes(12), payload, b"kst1p_" + front))

    def import_open(self, text, passphrase=None):
        bare = bytes(c for c in text.encode() if c not in b" \t\n\r\x0b\x0c")
        prefix = next((p for p in (b"kst1p_", b"kst1_") if bare.startswith(p)), None)
        if prefix is None:
            raise self.k.Refused("other")
        body = bare[len(prefix) :]
        try:
            whole = base64.b64decode(body + b"=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise self.k.Refused("slip") from None
        payload, check = whole[:-4], whole[-4:]
        if base64.urlsafe_b64encode(whole).rstrip(b"=") != body or hashlib.sha256(prefix + payload).digest()[:4] != check:
            raise self.k.Refused("slip")
        if prefix == b"kst1p_":
            length = struct.unpack(">I", payload[:4])[0]
            front, header = payload[: 4 + length], self.k.parse_object(payload[4 : 4 + length])
            root = self.k.argon2id(passphrase, self.k.unb64(header["salt"]), header["m"], header["t"], header["p"])
            if self.k.b64(self.k.expand(root, b"kastellan.import.v1 check", 32)) != header["check"]:
                raise self.k.Refused("passphrase")
            try:
                key = self.k.expand(root, b"kastellan.import.v1 key", 32)
                payload = AESGCM(key).decrypt(bytes(12), payload[4 + length :], b"kst1p_" + front)
            except InvalidTag:
                raise self.k.Refused("altered") from None
        members = self.k.parse_object(payload)
        if self.policy_key_id(self.k.unb64(members["policyKey"])) != members["policyKeyId"]:
            raise self.k.Refused("other-key")
        return members

    # ------------------------------------------------ DR archives

    def archive_root(self, header, passphrase):
        if not {"salt", "check", "m", "t", "p"} <= header.keys():
            raise self.k.Refused("header")
        root = self.k.argon2id(passphrase, self.k.unb64(header["salt"]), header["m"], header["t"], header["p"])
        if self.k.b64(self.k.expand(root, b"kastellan.dr.v1 check", 32)) != header["check"]:
            raise self.k.Refused("passphrase")
        return self.k.expand(root, b"kastellan.dr.v1 stream", 32)

    def archive_make(self, header, head, rows, passphrase):
        header = dict(header, v=1, kdf="argon2id", salt=self.k.b64(os.urandom(16)))
        root = self.k.argon2id(passphrase, self.k.unb64(header["salt"]), header["m"], header["t"], header["p"])
        header["check"] = self.k.b64(self.k.expand(root, b"kastellan.dr.v1 check", 32))
        front = b"KDR1" + self.k.lp(self.k.to_json(header).encode())
        lines = [dict(head, kind="archive")]
        lines += [dict(row, box=self.k.b64(bytes.fromhex(row["sealed"]))) for row in rows]
        for line in lines[1:]:
            del line["sealed"]
        lines.append({"kind": "end", "lines": len(lines) + 1})
        body = b"".join(self.k.to_json(line).encode() + b"\n" for line in lines)
        return front + self.stream_seal(self.archive_root(header, passphrase), front, zstandard.ZstdCompressor().compress(body))

    def archive_open(self, stored, passphrase):
        if stored[:4] != b"KDR1":
            raise self.k.Refused("other")
        length = struct.unpack(">I", stored[4:8])[0]
        front, header = stored[: 8 + length], self.k.parse_object(stored[8 : 8 + length])
        frame = self.stream_open(self.archive_root(header, passphrase), front, stored[8 + length :])
        reader = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()
        body = reader.decompress(frame)
        if not reader.eof or reader.unused_data:
            raise self.k.Refused("frame")
        lines = [self.k.parse_object(line) for line in body.split(b"\n")[:-1]]
        if lines[0]["kind"] != "archive" or lines[-1] != {"kind": "end", "lines": len(lines)}:
            raise self.k.Refused("lines")
        rows = [
            {"kind": o["kind"], "id": o["id"], "rev": o["rev"], "clear": o["clear"], "sealed": self.k.unb64(o["box"]).hex()}
            for o in lines[1:-1]
        ]
        return lines[0], rows

    # ------------------------------------------------ as a process

    def answer(self, request):
        do, raw = request["do"], lambda name: bytes.fromhex(request[name]) if request.get(name) is not None else None
        if do == "stream-seal":
            return {"stored": self.stream_seal(raw("key"), raw("ad"), raw("plaintext")).hex()}
        if do == "stream":
            return {"plaintext": self.stream_open(raw("key"), raw("ad"), raw("stored")).hex()}
        if do == "sidecar-make":
            return {"text": self.sidecar_make(request["public"], request["private"], raw("policyKey"), raw("hidden"))}
        if do == "sidecar":
            policy, private = self.sidecar_open(request["text"], raw("policyKey"), raw("metadataKey"))
            return {"policy": policy, "private": json.loads(self.k.to_json(private))}
        if do == "import-make":
            return {"text": self.import_make(request["members"], raw("passphrase"), 64, 2, 2)}
        if do == "import":
            return {"members": self.import_open(request["text"], raw("passphrase"))}
        if do == "archive-make":
            return {"stored": self.archive_make(request["header"], request["head"], request["rows"], raw("passphrase")).hex()}
        if do == "archive":
            head, rows = self.archive_open(raw("stored"), raw("passphrase"))
            return {"head": head, "rows": rows}
        raise ValueError(f"unknown request {do}")
