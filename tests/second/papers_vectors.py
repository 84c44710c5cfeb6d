"""The vectors of drill reports and recovery kits; make_vectors.py calls this."""

import copy
import json

import kastellan2 as k
import papers as o

KEYS = k.derive(bytes(range(32)), "app-daily")
CATALOG = "000102030405060708090a0b0c0d0e0f"
INSTANCE = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
TIME = "2026-07-31T14:02:09Z"
WORD = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def flip(data, at):
    data = bytearray(data)
    data[at] ^= 1
    return bytes(data)


def make(vector):
    reports(vector)
    kits(vector)


def reports(vector):
    seed, report = KEYS["signingSeed"], b'{"a":"x","b":1}'
    blob = o.report_blob(seed, report)
    sign = {"do": "report-sign", "seed": seed.hex(), "report": report.hex()}
    vector("report_signed", "Ed25519 signs the same in the same way", sign, {"signature": o.armour(blob)})
    base = {"do": "report", "public": o.report_public(seed).hex(), "report": report.hex(), "signature": o.armour(blob)}
    vector("report_plain", "a report and its signature", base, {"good": True})
    windows = dict(base, signature="\n" + o.armour(blob).replace("\n", "\r\n"))
    vector("report_line_ends_of_windows", "the signature was saved on Windows", windows, {"good": True})
    for name, what, change, word in [
        ("edited", "the report was edited", {"report": report.replace(b"1", b"2").hex()}, "does-not-match"),
        ("spelled_otherwise", "the same JSON with a space more", {"report": report.replace(b":", b": ").hex()}, "does-not-match"),
        ("signature_flipped", "a bit of the signature", {"signature": o.armour(flip(blob, -1))}, "does-not-match"),
        ("other_key", "signed by another master key", {"signature": o.armour(o.report_blob(bytes(32), report))}, "other-key"),
        ("key_swapped", "another key put into the signature", {"signature": o.armour(blob.replace(o.report_public(seed), o.report_public(bytes(32)))), "public": o.report_public(bytes(32)).hex()}, "does-not-match"),
        ("other_namespace", "signed as a file", {"signature": o.armour(o.report_blob(seed, report, b"file"))}, "namespace"),
        ("later_version", "made by a later version", {"signature": o.armour(o.report_blob(seed, report, version=2))}, "kind"),
        ("other_kind", "said to be RSA", {"signature": o.armour(blob.replace(b"ssh-ed25519", b"ssh-rsa4096"))}, "kind"),
        ("cut", "the signature was cut", {"signature": o.armour(blob[:-1])}, "not-a-signature"),
        ("appended", "something behind the signature", {"signature": o.armour(blob + b"x")}, "not-a-signature"),
        ("length_extreme", "a part of 4 GiB", {"signature": o.armour(blob[:10] + b"\xff" * 4 + blob[14:])}, "not-a-signature"),
        ("no_signature", "a public key instead", {"signature": "ssh-ed25519 AAAA"}, "not-a-signature"),
        ("base64_stray", "a character that is none of base64", {"signature": o.armour(blob).replace("U1NI", "U1N*", 1)}, "not-a-signature"),
    ]:
        vector("report_" + name, what, dict(base, **change), refused=word)


def kits(vector):
    document = {
        "kit": 1,
        "installation": {"name": "prod-eu1", "catalogId": CATALOG, "instanceId": INSTANCE, "masterKeyId": KEYS["masterKeyId"].hex()},
        "createdAt": TIME,
        "locations": [
            {"name": "nas", "kind": "directory", "path": "/mnt/\u202e"},
            {
                "name": "Away", "kind": "s3", "bucket": "b", "prefix": "", "region": "eu-west-1", "pathStyle": 0,
                "credentials": {"accessKeyId": "AKIA", "secretAccessKey": "secret/key"},
            },
        ],
        "passkeys": [{"name": "k10MasterKey", "method": "passphrase", "wrapId": "0f" * 16, "envelope": "PASSKEY", "passphrase": WORD}],
        "drPassphrases": [{"number": 2, "envelope": "DR no. 2"}],
        "imports": ["kst1_AAAA"],
        "pin": {"seq": 7, "hash": "33" * 32, "archiveSeq": 2},
        "instructions": "Open it with age.\nAny age will do.",
    }

    def sealed(of=document, work=4):
        text = of if isinstance(of, bytes) else json.dumps(of).encode()
        return o.kit_seal(text, WORD.encode(), work, bytes(16), bytes(range(16)), bytes(range(16, 32)))

    def request(data, word=WORD):
        return {"do": "kit", "file": data if isinstance(data, str) else o.kit_armour(data), "passphrase": word.encode().hex()}

    good = sealed()
    vector("kit_plain", "a kit", request(good), {"document": document})
    vector("kit_line_ends_of_windows", "saved on Windows", request(o.kit_armour(good).replace("\n", "\r\n")), {"document": document})
    least = dict(document, locations=[], passkeys=[], drPassphrases=[], imports=[])
    vector("kit_of_nothing", "whose it is, and nothing else", request(sealed(least)), {"document": least})

    def changed(*path, **members):
        of = copy.deepcopy(document)
        inner = of
        for step in path:
            inner = inner[step]
        inner.update(members)
        return sealed(of)

    head = good.index(b"\n---")
    for name, what, data, word in [
        ("nothing", "nothing", "", "not-a-kit"),
        ("something_else", "a DR archive", "KDR1", "not-a-kit"),
        ("armour_cut", "the last line is missing", o.kit_armour(good)[:-34], "altered"),
        ("head_cut", "half of its head", good[: head - 20], "not-a-kit"),
        ("head_of_a_later_age", "another version of age", good.replace(b"/v1\n", b"/v2\n", 1), "not-a-kit"),
        ("salt_flipped", "another salt", good.replace(b"AAECAw", b"BAECAw", 1), "does-not-open"),
        ("work_edited", "less work", good.replace(b" 4\n", b" 3\n", 1), "does-not-open"),
        ("work_extreme", "2 GiB of work", good.replace(b" 4\n", b" 21\n", 1), "work"),
        ("mac_flipped", "another MAC", flip(good, head + 6), "altered"),
        ("body_flipped", "a bit of the body", flip(good, -20), "altered"),
        ("body_cut", "the last byte is gone", good[:-1], "altered"),
        ("body_missing", "no body", good[: good.index(b"\n", head + 5) + 17], "altered"),
        ("byte_appended", "a byte too many", good + b"x", "altered"),
        ("no_json", "an age file of something else", sealed(b"hello"), "malformed"),
        ("version_later", "made by a later version", sealed(dict(document, kit=2, more=[])), "version"),
        ("version_zero", "version 0", sealed(dict(document, kit=0)), "malformed"),
        ("unknown_member", "a member that no one knows", sealed(dict(document, more=1)), "malformed"),
        ("unknown_inner_member", "the same, inside", changed("pin", more=1), "malformed"),
        ("member_missing", "no pin", sealed({name: value for name, value in document.items() if name != "pin"}), "malformed"),
        ("duplicate_member", "a member stands twice", sealed(json.dumps(document).encode()[:-1] + b',"imports":[]}'), "malformed"),
        ("time_other_form", "another spelling of time", sealed(dict(document, createdAt="2026-07-31 14:02:09Z")), "malformed"),
        ("number_negative", "a number below zero", changed("pin", seq=-1), "malformed"),
        ("location_kind_other", "a location of an unknown kind", changed("locations", 0, kind="ftp"), "malformed"),
        ("location_of_two_kinds", "a directory with a bucket", changed("locations", 0, bucket="b"), "malformed"),
        ("location_no_name", "a location that cannot be called so", changed("locations", 0, name="../x"), "malformed"),
        ("path_style_other", "neither 0 nor 1", changed("locations", 1, pathStyle=2), "malformed"),
    ]:
        vector("kit_" + name, what, request(data), refused=word)
    vector("kit_wrong_passphrase", "another passphrase", request(good, "wrong"), refused="does-not-open")
    vector("kit_passphrase_not_ascii", "a passphrase that no kit has", request(good, "Stra\u00dfe"), refused="passphrase")
