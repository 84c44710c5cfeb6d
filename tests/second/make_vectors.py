#!/usr/bin/env python3
"""Makes the vectors under tests/vectors, each named by the fault that it carries, with the second implementation.

`make_vectors.py DIR` writes them; `make_vectors.py DIR --check` fails if what is there differs. All salts and nonces are fixed here, so
that the files never change by themselves. Every file is a request as kastellan2.py takes it, with what must come of it: `gives` holds
members that the answer must have, `refused` the word of the refusal.
"""

import copy
import json
import os
import sys

import kastellan2 as k
import papers_vectors

MASTER = bytes(range(32))
KEYS = k.derive(MASTER, "app-daily")
CATALOG = "000102030405060708090a0b0c0d0e0f"
OTHER_CATALOG = "7f0102030405060708090a0b0c0d0e0f"
INSTANCE = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
SALT = bytes(range(0x20, 0x40))
CHECKED = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
vectors = {}


def vector(name, what, request, gives=None, refused=None):
    assert name not in vectors, name
    expected = {"gives": gives} if refused is None else {"refused": refused}
    vectors[name] = dict(what=what, **request, **expected)


def flip(text, at):
    """Hex with the lowest bit of byte `at` flipped."""
    data = bytearray.fromhex(text)
    data[at] ^= 1
    return data.hex()


# -- derivations

vector(
    "derive_documented", "the values that the design prints",
    {"do": "derive", "master": MASTER.hex(), "policy": "app-daily"},
    {
        "prk": "5710c789666a9bdfd58faf730d5813546191bc0237a0f4d142cda4f22822b62a",
        "policyKey": "ea77d7f6129a1cf1a7965439c32fccb43715af1079da423c993d066a351b4716",
        "policyKeyId": "1fc0f7d89cf866d3",
        "masterKeyId": "41114ce220f27895",
        "metadataKey": "f13c8f1753083f5512c5c530c11963991dce2a0b3e22cc34834cba4edc5ee459",
        "journalKey": "6469e68b299f6b4af5ad12c07a0159c188660f8df9b195c1c0c6e7fa01f2dac5",
    },
)
vector(
    "derive_policy_named_as_a_label", "a policy named like another use of the key gets a key of its own",
    {"do": "derive", "master": MASTER.hex(), "policy": "catalog-metadata"},
    {name: k.derive(MASTER, "catalog-metadata")[name].hex() for name in ("policyKey", "policyKeyId", "metadataKey")},
)

# -- objects


def canon_vector(name, what, text, gives=None, refused=None, outputs=()):
    data = text if isinstance(text, bytes) else text.encode()
    request = {"do": "object", "text": data.hex(), "outputs": list(outputs)}
    vector(name, what, request, gives and {"canon": gives}, refused)


DOCUMENTED = "000000016100000000000000016200000001780000000176" + "0000000131"
canon_vector("canon_documented", "the example that the design prints", '{"v":1,"b":"x","a":""}', DOCUMENTED)
canon_vector("canon_white_space_and_order", "spelling does not matter, values do", ' {\n"a" : "" ,"v":1,\t"\\u0062":"x"}\r\n', DOCUMENTED)
canon_vector("canon_outputs_left_out", "members named as outputs take no part", '{"v":1,"b":"x","a":"","nonce":"n"}', DOCUMENTED, outputs=["nonce"])
canon_vector("canon_unknown_member", "a member that no one knows takes part", '{"zz":0}', "000000027a7a" + "0000000130")
canon_vector(
    "canon_order_beyond_the_basic_plane", "UTF-8 order, in which U+FFFF comes before U+10000",
    '{"\U00010000":"","\uffff":""}', "00000003efbfbf00000000" + "00000004f0908080" + "00000000",
)
canon_vector("canon_largest_number", "2^53-1", '{"a":9007199254740991}', "0000000161" + "00000010" + b"9007199254740991".hex())
for name, what, text, word in [
    ("canon_duplicate_member", "a member stands twice", '{"a":"1","a":"1"}', "repeated"),
    ("canon_duplicate_member_escaped", "the second time in an escape", '{"a":"1","\\u0061":"2"}', "repeated"),
    ("canon_float", "a float", '{"a":1.0}', "type"),
    ("canon_exponent", "a whole number written with an exponent", '{"a":1e2}', "type"),
    ("canon_negative", "a negative number", '{"a":-1}', "type"),
    ("canon_minus_zero", "minus zero", '{"a":-0}', "type"),
    ("canon_number_too_large", "2^53", '{"a":9007199254740992}', "type"),
    ("canon_number_beyond_64_bits", "2^64", '{"a":18446744073709551616}', "type"),
    ("canon_true", "a truth value", '{"a":true}', "type"),
    ("canon_null", "null", '{"a":null}', "type"),
    ("canon_nested_object", "an object inside", '{"a":{"b":1}}', "type"),
    ("canon_nested_list", "a list inside", '{"a":["b"]}', "type"),
    ("canon_a_list", "a list, not an object", '[{"a":1}]', "not-an-object"),
    ("canon_leading_zero", "a number with a leading zero", '{"a":01}', "not-an-object"),
    ("canon_trailing_comma", "a comma at the end", '{"a":1,}', "not-an-object"),
    ("canon_two_objects", "two objects", "{}{}", "not-an-object"),
    ("canon_byte_order_mark", "a byte order mark", b"\xef\xbb\xbf{}", "not-an-object"),
    ("canon_not_utf8", "bytes that are not UTF-8", b'{"a":"\xff"}', "not-an-object"),
    ("canon_lone_surrogate", "half of a surrogate pair", '{"a":"\\ud800"}', "not-an-object"),
    ("canon_control_character", "a bare line feed in a text", '{"a":"\n"}', "not-an-object"),
    ("canon_not_a_number", "NaN", '{"a":NaN}', "not-an-object"),
    ("canon_empty_text", "nothing at all", "", "not-an-object"),
]:
    canon_vector(name, what, text, refused=word)

# -- base64 and hex

vector("base64_plain", "all values of the alphabet's end", {"do": "base64", "text": "+//+IQ=="}, {"bytes": "fbfffe21"})
for name, what, text in [
    ("base64_stray_bits", "bits behind the last byte are set", "+//+IR=="),
    ("base64_no_padding", "padding is missing", "+//+IQ"),
    ("base64_short_padding", "one of two padding characters", "+//+IQ="),
    ("base64_url_alphabet", "the alphabet of section 5", "-__-IQ=="),
    ("base64_white_space", "white space inside", "+//+ IQ=="),
    ("base64_line_end", "a line end behind", "+//+IQ==\n"),
    ("base64_text_behind_padding", "text behind the padding", "+//+IQ==AA=="),
]:
    vector(name, what, {"do": "base64", "text": text}, refused="base64")
vector("hex_plain", "lower case", {"do": "hex", "text": "00af", "size": 2}, {"bytes": "00af"})
for name, what, text in [
    ("hex_upper_case", "upper case", "00AF"),
    ("hex_too_short", "a digit is missing", "00a"),
    ("hex_too_long", "a byte too many", "00af00"),
    ("hex_white_space", "white space", "00 f"),
]:
    vector(name, what, {"do": "hex", "text": text, "size": 2}, refused="hex")

# -- box

AD = bytes.fromhex(DOCUMENTED)
BOX = {"do": "box", "key": KEYS["metadataKey"].hex(), "label": "record", "ad": AD.hex()}
SEALED = SALT.hex() + "0e466a49aa40e092bb076d51d5e443e5d6365b4f3a"
assert k.box_seal(KEYS["metadataKey"], "record", b"hello", AD, SALT).hex() == SEALED
vector("box_documented", "the box that the design prints", dict(BOX, sealed=SEALED), {"plaintext": b"hello".hex()})
EMPTY_BOX = k.box_seal(KEYS["metadataKey"], "record", b"", b"", SALT).hex()
vector("box_of_nothing", "an empty message with empty associated data", dict(BOX, ad="", sealed=EMPTY_BOX), {"plaintext": ""})
for name, what, change in [
    ("box_salt_flipped", "a bit of the salt", {"sealed": flip(SEALED, 0)}),
    ("box_ciphertext_flipped", "a bit of the ciphertext", {"sealed": flip(SEALED, 32)}),
    ("box_tag_flipped", "a bit of the tag", {"sealed": flip(SEALED, -1)}),
    ("box_tag_cut", "the last byte is gone", {"sealed": SEALED[:-2]}),
    ("box_byte_appended", "a byte too many", {"sealed": SEALED + "00"}),
    ("box_only_a_salt", "no ciphertext", {"sealed": SALT.hex()}),
    ("box_empty", "nothing", {"sealed": ""}),
    ("box_ad_flipped", "other associated data", {"ad": flip(AD.hex(), 0)}),
    ("box_other_label", "made under another label", {"label": "artifact"}),
    ("box_other_key", "made under another key", {"key": KEYS["journalKey"].hex()}),
]:
    vector(name, what, dict(BOX, sealed=SEALED) | change, refused="altered")

# -- record

CLEAR = {"name": "k10MasterKey", "method": "passphrase", "createdAt": "2026-07-31T14:02:09Z", "size": 48}
PRIVATE = {"note": "in the safe"}
ROW = k.record_seal(KEYS["metadataKey"], CATALOG, "passkey", "k10masterkey", 3, CLEAR, PRIVATE, SALT)
RECORD = {"do": "record", "metadataKey": KEYS["metadataKey"].hex(), "catalogId": CATALOG}
vector("record_plain", "a passkey's record", dict(RECORD, row=ROW), {"private": k.to_json(PRIVATE), "digest": k.record_digest(ROW).hex()})
BARE = k.record_seal(KEYS["metadataKey"], CATALOG, "policy", "app-daily", 1, {}, {}, SALT)
vector("record_without_private_members", "the box is there all the same", dict(RECORD, row=BARE), {"private": "{}"})


def record_fault(name, what, row=None, clear=None, remove=None, refused="altered", **rest):
    changed = dict(ROW, **(row or {}))
    if clear or remove:
        members = dict(k.parse_object(ROW["clear"]), **(clear or {}))
        members.pop(remove, None)
        changed["clear"] = k.to_json(members)
    vector(name, what, dict(RECORD, row=changed) | rest, refused=refused)


for member, value in {"name": "k10MasterKey-2", "method": "aws-kms", "createdAt": "2026-07-31T14:02:10Z", "size": 49}.items():
    record_fault(f"record_{member}_edited", f"clear member {member} edited", clear={member: value})
record_fault("record_rev_edited", "the revision raised in row and clear members", {"rev": 4}, {"rev": 4})
record_fault("record_kind_edited", "moved to another kind, in row and clear members", {"kind": "policy"}, {"kind": "policy"})
record_fault("record_id_edited", "moved to another id, in row and clear members", {"id": "other"}, {"id": "other"})
record_fault("record_catalog_edited", "moved to another catalog, clear member edited too", clear={"catalogId": OTHER_CATALOG}, catalogId=OTHER_CATALOG)
record_fault("record_of_another_catalog", "put whole into another catalog", catalogId=OTHER_CATALOG)
record_fault("record_row_rev_edited", "the row's revision alone", {"rev": 4})
record_fault("record_row_kind_edited", "the row's kind alone", {"kind": "policy"})
record_fault("record_row_id_edited", "the row's id alone", {"id": "other"})
record_fault("record_member_added", "a clear member added", clear={"weak": 0})
record_fault("record_member_removed", "a clear member removed", remove="size")
record_fault("record_number_made_text", "a number made a text of other digits", clear={"size": "48x"})
record_fault("record_rev_removed", "a member that must be there is gone", remove="rev", refused="malformed")
record_fault("record_kind_is_a_number", "a member of the wrong type", clear={"kind": 1}, refused="malformed")
record_fault("record_clear_duplicate_member", "a clear member stands twice", {"clear": ROW["clear"][:-1] + ',"size":48}'}, refused="malformed")
record_fault("record_box_of_other_record", "the box of another record", {"sealed": BARE["sealed"]})
record_fault("record_box_flipped", "a bit of the box", {"sealed": flip(ROW["sealed"], 40)})
record_fault("record_box_removed", "no box", {"sealed": ""})
record_fault("record_other_master_key", "a record of another master key", metadataKey=k.derive(bytes(32), "x")["metadataKey"].hex())

# -- wrap (weak settings, so that a test takes no second a vector)

DRAFT = {
    "catalogId": CATALOG,
    "masterKeyId": KEYS["masterKeyId"].hex(),
    "passkey": "k10MasterKey",
    "wrapId": "0f0e0d0c0b0a09080706050403020100",
    "createdAt": "2026-07-31T14:02:09Z",
}
NONCE = bytes(range(0x40, 0x4C))


def wrap(draft=None, master=MASTER, m=64, t=2, p=2):
    return k.wrap_make(dict(DRAFT, **(draft or {})), master, CHECKED.encode(), m, t, p, bytes(range(16)), NONCE)


def wrap_vector(name, what, text, gives=None, refused=None, passphrase=CHECKED):
    vector(name, what, {"do": "wrap", "wrap": text, "passphrase": passphrase.encode().hex()}, gives, refused)


def wrap_fault(name, what, change=None, remove=None, refused="does-not-open"):
    members = dict(k.parse_object(wrap()), **(change or {}))
    members.pop(remove, None)
    wrap_vector(name, what, k.to_json(members), refused=refused)


OPENS = {"master": MASTER.hex()}
wrap_vector("wrap_plain", "a passphrase's wrap", wrap(), OPENS)
wrap_vector("wrap_of_an_unknown_member", "made by a later version that says more", wrap({"later": "yes"}), OPENS)
wrap_vector("wrap_wrong_passphrase", "another passphrase", wrap(), refused="does-not-open", passphrase="abandon")
wrap_fault("wrap_salt_flipped", "a bit of the salt", {"salt": k.b64(bytes([1]) + bytes(range(1, 16)))})
wrap_fault("wrap_nonce_flipped", "a bit of the nonce", {"nonce": k.b64(bytes([0x41]) + NONCE[1:])})
SECRET = k.unb64(k.parse_object(wrap())["ciphertext"])
wrap_fault("wrap_ciphertext_flipped", "a bit of the ciphertext", {"ciphertext": k.b64(bytes([SECRET[0] ^ 1]) + SECRET[1:])})
wrap_fault("wrap_tag_flipped", "a bit of the tag", {"ciphertext": k.b64(SECRET[:-1] + bytes([SECRET[-1] ^ 1]))})
wrap_fault("wrap_moved_to_other_passkey", "put under another passkey's name", {"passkey": "k10MasterKey-2"})
wrap_fault("wrap_passkey_in_other_case", "the name is bound as written", {"passkey": "k10masterkey"})
wrap_fault("wrap_moved_to_other_catalog", "put into another installation", {"catalogId": OTHER_CATALOG})
wrap_fault("wrap_id_edited", "another wrap's id", {"wrapId": "00" * 16})
wrap_fault("wrap_created_edited", "made to look younger", {"createdAt": "2026-08-31T14:02:09Z"})
wrap_fault("wrap_master_key_id_edited", "said to hold another key", {"masterKeyId": "00" * 8})
wrap_fault("wrap_memory_edited", "Argon2id made cheaper", {"m": 63})
wrap_fault("wrap_passes_edited", "fewer passes", {"t": 1})
wrap_fault("wrap_lanes_edited", "fewer lanes", {"p": 1})
wrap_fault("wrap_member_added", "a member added", {"note": ""})
wrap_fault("wrap_ciphertext_short", "47 bytes", {"ciphertext": k.b64(SECRET[:-1])}, refused="malformed")
wrap_fault("wrap_ciphertext_long", "49 bytes", {"ciphertext": k.b64(SECRET + b"\0")}, refused="malformed")
wrap_fault("wrap_nonce_long", "a nonce of 16 bytes", {"nonce": k.b64(bytes(16))}, refused="malformed")
wrap_fault("wrap_salt_short", "a salt of 8 bytes", {"salt": k.b64(bytes(8))}, refused="malformed")
wrap_fault("wrap_salt_stray_bits", "a salt in base64 with stray bits", {"salt": "AAECAwQFBgcICQoLDA0ODx=="}, refused="malformed")
wrap_fault("wrap_kdf_other", "another key derivation", {"kdf": "argon2i"}, refused="malformed")
wrap_fault("wrap_method_other", "a method of a key service", {"method": "aws-kms"}, refused="method")
wrap_fault("wrap_version_later", "made by a later version", {"v": 2}, refused="version")
wrap_fault("wrap_version_zero", "version 0", {"v": 0}, refused="malformed")
wrap_fault("wrap_version_is_text", "the version as text", {"v": "1"}, refused="malformed")
wrap_fault("wrap_member_removed", "wrapId is gone", remove="wrapId", refused="malformed")
wrap_fault("wrap_nonce_removed", "an output is gone", remove="nonce", refused="malformed")
wrap_vector("wrap_duplicate_member", "a member stands twice", wrap()[:-1] + ',"v":1}', refused="malformed")
wrap_vector("wrap_cut", "the text was cut", wrap()[:-20], refused="malformed")
wrap_vector("wrap_of_a_swapped_master_key", "it opens, and holds another key", wrap(master=bytes(32)), refused="other-key")
for name, what, change in [
    ("wrap_memory_extreme", "2 GiB and a KiB", {"m": 2097153, "t": 1}),
    ("wrap_memory_of_the_whole_world", "2^53-1 KiB", {"m": 2**53 - 1}),
    ("wrap_work_extreme", "m*t beyond 4194304", {"m": 2097152, "t": 3}),
    ("wrap_passes_extreme", "17 passes", {"t": 17}),
    ("wrap_passes_zero", "no pass", {"t": 0}),
    ("wrap_lanes_extreme", "17 lanes", {"p": 17, "m": 1024}),
    ("wrap_lanes_zero", "no lane", {"p": 0}),
    ("wrap_memory_below_lanes", "less than 8 KiB a lane", {"m": 15}),
]:
    wrap_fault(name, what, change, refused="out-of-bounds")

# -- Argon2id as it is used here; the published vector stands beside

for name, m, t, p, passphrase in [
    ("argon2id_weak", 8, 1, 1, "x"),
    ("argon2id_lanes", 128, 3, 4, CHECKED),
    ("argon2id_odd_memory", 257, 2, 3, "Straße"),
    ("argon2id_small", 65536, 3, 4, CHECKED),
    ("argon2id_full", 262144, 3, 4, CHECKED),
]:
    salt = bytes(range(0x10, 0x20))
    request = {"do": "argon2id", "m": m, "t": t, "p": p, "passphrase": passphrase.encode().hex(), "salt": salt.hex()}
    vector(name, f"m={m} t={t} p={p}", request, {"key": k.argon2id(passphrase.encode(), salt, m, t, p).hex()})

# -- passphrases


def passphrase(name, what, raw, entered=None, refused=None):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    request = {"do": "passphrase", "raw": raw.hex()}
    if entered is None:
        return vector(name, what, request, refused=refused)
    entered = (entered if isinstance(entered, bytes) else entered.encode()).hex()
    gives = {"entered": entered, "refused": refused} if refused else {"entered": entered, "made": entered}
    return vector(name, what, request, gives)


NUMBERED = "".join(f"{n}. {word}\r\n" for n, word in enumerate(CHECKED.split(), 1))
GLUED = "\n".join(f"{n}){word}" for n, word in enumerate(CHECKED.split(), 1))
passphrase("passphrase_plain", "as it is", "correct horse", "correct horse")
passphrase("passphrase_stripped", "the four white spaces go from both ends", "\t\r\n correct  horse \n", "correct  horse")
passphrase("passphrase_crlf", "a file from Windows", "secret\r\n", "secret")
passphrase("passphrase_no_break_space", "NFKC makes it a space", "a\u00a0b\u00a0", "a b")
passphrase("passphrase_other_spaces", "a line separator is not stripped", "a\u2028", "a\u2028")
passphrase("passphrase_ligature", "fi as one character", "\ufb01nal", "final")
passphrase("passphrase_composed", "one code point", "caf\u00e9", "caf\u00e9")
passphrase("passphrase_decomposed", "two code points, the same passphrase", "cafe\u0301", "caf\u00e9")
passphrase("passphrase_full_width", "full-width letters", "\uff21\uff42\uff11", "Ab1")
passphrase("passphrase_case_is_kept", "not a list: case stays", "Correct Horse", "Correct Horse")
passphrase("passphrase_twelve_words", "canonical already", CHECKED, CHECKED)
passphrase("passphrase_twelve_words_upper", "upper case", CHECKED.upper(), CHECKED)
passphrase("passphrase_twelve_words_numbered", "a numbered list", NUMBERED, CHECKED)
passphrase("passphrase_twelve_words_numbers_glued", "numbers joined to their words", GLUED, CHECKED)
passphrase("passphrase_twelve_words_no_break", "no-break spaces between", CHECKED.replace(" ", "\u00a0"), CHECKED)
passphrase("passphrase_twelve_words_check_bits", "wrong check bits: left as typed", "Abandon  " * 11 + "abandon", "Abandon  " * 11 + "abandon")
passphrase("passphrase_eleven_words", "one too few: left as typed", CHECKED.upper()[:-6], CHECKED.upper()[:-6])
passphrase("passphrase_thirteen_words", "one too many: left as typed", CHECKED.upper() + " ZOO", CHECKED.upper() + " ZOO")
passphrase("passphrase_word_not_in_list", "left as typed", CHECKED.upper()[:-1], CHECKED.upper()[:-1])
passphrase("passphrase_bare_number_word", "digits without . or ) are no list number", "1 " + CHECKED.upper(), "1 " + CHECKED.upper())
passphrase("passphrase_not_utf8", "the bytes as they are", b" \xff\xfe\n", b" \xff\xfe\n", "not-text")
passphrase("passphrase_utf8_surrogate", "a surrogate in UTF-8 is not UTF-8", b"\xed\xa0\x80", b"\xed\xa0\x80", "not-text")
passphrase("passphrase_control", "a control character", "a\x07b", "a\x07b", "control")
passphrase("passphrase_line_feed_inside", "a line feed inside", "a\nb", "a\nb", "control")
passphrase("passphrase_nul", "a zero byte", "a\0", "a\0", "control")
passphrase("passphrase_c1_control", "a control character above ASCII", "a\u009bb", "a\u009bb", "control")
passphrase("passphrase_unassigned", "a code point that Unicode has not assigned", "a\u0378", "a\u0378", "unassigned")
passphrase("passphrase_noncharacter", "a code point that never will be assigned", "a\uffff", "a\uffff", "unassigned")
passphrase("passphrase_1024_bytes", "just not too long", "x" * 1024, "x" * 1024)
passphrase("passphrase_1025_bytes", "too long to be made, still opens", "x" * 1025, "x" * 1025, "too-long")
passphrase("passphrase_grows_too_long", "too long in canonical form alone", "\ufdfa" * 40, "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645" * 40, "too-long")
passphrase("passphrase_empty", "nothing", "", refused="empty")
passphrase("passphrase_only_white_space", "nothing is left", " \t\r\n", refused="empty")
passphrase("passphrase_only_no_break_space", "nothing is left after NFKC", "\u00a0", refused="empty")

# -- journal

TEXTS = [f'{{"v":1,"what":"entry {n}"}}' for n in range(1, 6)]
STORED = k.journal_make(CATALOG, INSTANCE, TEXTS, KEYS["journalKey"], unvouched=(2, 3))
JOURNAL = {"do": "journal", "catalogId": CATALOG, "instanceId": INSTANCE, "journalKey": KEYS["journalKey"].hex()}


def journal(name, what, change, intact, vouched, **rest):
    entries = copy.deepcopy(STORED)
    entries = change(entries) or entries
    vector(name, what, dict(JOURNAL, entries=entries) | rest, {"intact": intact, "vouched": vouched})


def edit(at, **members):
    return lambda entries: entries[at].update(members)


YES, NONE = [True, None, None, True, True], None
journal("journal_plain", "five entries, two written while locked", lambda e: None, 5, YES)
journal("journal_empty", "no entry", lambda e: e.clear(), 0, [])
journal("journal_entry_edited", "the text of entry 3", edit(2, text=TEXTS[2].replace("3", "X")), 2, YES[:2])
journal("journal_entry_spelled_otherwise", "the same JSON with a space more", edit(2, text=TEXTS[2].replace(":1", ": 1")), 2, YES[:2])
journal("journal_entry_rehashed", "edited, with its own hash made to match", lambda e: edit(2, text="{}", hash=k.entry_hash(bytes.fromhex(e[1]["hash"]), 3, "{}").hex())(e), 3, YES[:3])
journal("journal_entry_swapped", "entries 2 and 3 change places", lambda e: [e[0], e[2], e[1], e[3], e[4]], 1, YES[:1])
journal("journal_entry_removed", "entry 2 is gone", lambda e: [e[0], *e[2:]], 1, YES[:1])
journal("journal_first_removed", "entry 1 is gone", lambda e: e[1:], 0, [])
journal("journal_end_cut", "the last is gone: only an outside witness knows", lambda e: e[:4], 4, YES[:4])
journal("journal_entry_doubled", "entry 2 stands twice", lambda e: [e[0], e[1], *e[1:]], 2, YES[:2])
journal("journal_number_edited", "an entry's number", edit(3, seq=9), 3, YES[:3])
journal("journal_hash_flipped", "a bit of a hash", lambda e: edit(3, hash=flip(e[3]["hash"], 0))(e), 3, YES[:3])
journal("journal_mac_flipped", "a bit of a MAC", lambda e: edit(3, mac=flip(e[3]["mac"], 0))(e), 5, [True, None, None, False, True])
journal("journal_mac_of_other_entry", "the MAC of another entry", lambda e: edit(3, mac=e[4]["mac"])(e), 5, [True, None, None, False, True])
journal("journal_mac_cut", "half a MAC", lambda e: edit(3, mac=e[3]["mac"][:32])(e), 5, [True, None, None, False, True])
journal("journal_mac_removed", "no MAC: counts as written while locked", edit(3, mac=""), 5, [True, None, None, None, True])
journal("journal_of_another_instance", "another life of the installation", lambda e: None, 0, [], instanceId=CATALOG)
journal("journal_of_another_catalog", "another installation", lambda e: None, 0, [], catalogId=OTHER_CATALOG)
journal("journal_other_key", "MACs of another master key", lambda e: None, 5, [False, None, None, False, False], journalKey="00" * 32)
FORK = k.journal_make(CATALOG, INSTANCE, [*TEXTS[:3], '{"v":1,"what":"fork"}', TEXTS[4]])
journal("journal_forked", "another chain from entry 4 on, without the key", lambda e: e[:3] + FORK[3:], 5, [True, None, None, None, None])
INSERTED = k.journal_make(CATALOG, INSTANCE, [TEXTS[0], '{"v":1,"what":"forged"}'])[1]
journal("journal_entry_inserted_while_locked", "chained rightly, and the old ones behind it", lambda e: [e[0], INSERTED, *e[1:]], 2, YES[:2])

papers_vectors.make(vector)


def main():
    folder = sys.argv[1]
    stale = []
    for name, content in vectors.items():
        path = os.path.join(folder, name + ".json")
        text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
        if "--check" in sys.argv:
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
                stale.append(name)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    unknown = [n for n in os.listdir(folder) if n.endswith(".json") and n[:-5] not in vectors and not n.startswith("published_")]
    if "--check" in sys.argv and (stale or unknown):
        sys.exit(f"stale: {stale}; not made here: {unknown}")
    for name, content in vectors.items():
        expected = content["gives"] if "gives" in content else {"refused": content["refused"]}
        try:
            got = k.answer(content)
        except k.Refused as refused:
            got = {"refused": str(refused)}
        for member, value in expected.items():
            assert got.get(member) == value, (name, member, got, expected)
    print(len(vectors))


if __name__ == "__main__":
    main()
