//! Attacks of crypto.md's list that concern the catalog: each is made on a real file, and found.

use crate::house::{FIRST, House, SECOND, THIRD, add, keys, name, policy, remove, rotate, run, secret};
use kastellan::crypto::Secrets;
use kastellan::domain::{Fault, Finding, Kind, Opens, Slot};
use kastellan::ops::{Session, Settings};
use rusqlite::{Connection, params};

/// A set-up house with a second passkey and a policy.
async fn furnished() -> House {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    run(&session, policy("app-daily"), Secrets::new()).await.unwrap();
    house
}

fn sql(house: &House) -> Connection {
    Connection::open(house.catalog()).unwrap()
}

async fn findings(house: &House, passphrase: &str) -> Result<Vec<Finding>, Fault> {
    Ok(house.try_unlock(passphrase).await?.verify_journal(&[]).await?.findings)
}

/// Found: unlocking is refused, or says so, or verification names it.
async fn found(house: &House) -> bool {
    found_by(house).await.unwrap_or_else(|fault| matches!(fault.kind, Kind::Damaged | Kind::Secret | Kind::Refused))
}

async fn found_by(house: &House) -> Result<bool, Fault> {
    let at = house.connect();
    let mut session = Session::open(at.clone()).await?;
    let told = session.admit(keys(&at, FIRST).await?).await?;
    let said = told.iter().any(|line| line.to_string().contains("the record of"));
    Ok(said || !session.verify_journal(&[]).await?.findings.is_empty())
}

#[tokio::test]
async fn nothing_is_found_where_nothing_was_done() {
    assert_eq!(findings(&furnished().await, FIRST).await.unwrap(), []);
}

#[tokio::test]
async fn each_clear_member_of_each_record_edited() {
    let house = furnished().await;
    let rows: Vec<(String, String, String)> = {
        let db = sql(&house);
        let mut all = db.prepare("SELECT kind, id, clear FROM records").unwrap();
        all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
    };
    let mut edits = 0;
    for (kind, id, clear) in rows {
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&clear).unwrap();
        for member in members.keys() {
            let mut edited = members.clone();
            match edited.get_mut(member).unwrap() {
                serde_json::Value::String(text) if text.chars().all(|c| c.is_ascii_hexdigit()) && text.len() > 8 => {
                    text.replace_range(0..1, if text.starts_with('0') { "1" } else { "0" });
                }
                serde_json::Value::String(text) => text.push('x'),
                other => *other = serde_json::json!(77),
            }
            let attacked = house.copy();
            let text = serde_json::to_string(&edited).unwrap();
            sql(&attacked).execute("UPDATE records SET clear = ?1 WHERE kind = ?2 AND id = ?3", params![text, kind, id]).unwrap();
            assert!(found(&attacked).await, "{kind} {id}: {member} edited and not found");
            edits += 1;
        }
    }
    assert!(edits > 30, "{edits}");
}

#[tokio::test]
async fn a_box_moved_between_rows_kinds_and_catalogs() {
    let house = furnished().await;
    let other = furnished().await;
    let stranger: Vec<u8> =
        sql(&other).query_row("SELECT sealed FROM records WHERE kind = 'passkey' AND id = 'spare'", [], |r| r.get(0)).unwrap();
    let moves = [
        "UPDATE records SET sealed = (SELECT sealed FROM records WHERE kind = 'passkey' AND id = 'spare') WHERE kind = 'passkey' AND id = 'k10masterkey'",
        "UPDATE records SET sealed = (SELECT sealed FROM records WHERE kind = 'proof' AND id = 'spare') WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET id = 'elsewhere' WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET rev = rev + 1 WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET kind = 'policy' WHERE kind = 'proof' AND id = 'spare'",
    ];
    for attack in moves {
        let attacked = house.copy();
        sql(&attacked).execute(attack, []).unwrap();
        assert!(found(&attacked).await, "{attack}");
    }
    let attacked = house.copy();
    sql(&attacked).execute("UPDATE records SET sealed = ?1 WHERE kind = 'passkey' AND id = 'spare'", params![stranger]).unwrap();
    let session = attacked.unlocked().await;
    let facts = session.facts().await.unwrap();
    let spare = facts.passkey(&name("spare")).unwrap();
    assert!(spare.altered, "shown as altered");
    assert_eq!(spare.opens(&facts.ages, facts.now), Opens::No, "and used for nothing");
    let refused = run(&session, rotate("k2", Some("spare")), secret(Slot::NEW, THIRD)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Damaged);
}

/// Whether a finding is the one that names an attack.
type Named = Box<dyn Fn(&Finding) -> bool>;

/// A record as a row.
type Row = (String, String, i64, String, Vec<u8>);

fn row(house: &House, kind: &str, id: &str) -> Row {
    let read = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?));
    sql(house).query_row("SELECT kind, id, rev, clear, sealed FROM records WHERE kind = ?1 AND id = ?2", [kind, id], read).unwrap()
}

fn put_back(house: &House, row: &Row) {
    sql(house)
        .execute(
            "INSERT OR REPLACE INTO records (kind, id, rev, clear, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![row.0, row.1, row.2, row.3, row.4],
        )
        .unwrap();
}

#[tokio::test]
async fn a_single_old_record_put_back() {
    let house = furnished().await;
    let installation: String = sql(&house).query_row("SELECT id FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
    let old = row(&house, "installation", &installation);
    run(&house.unlocked().await, rotate("k2", None), secret(Slot::NEW, THIRD)).await.unwrap();
    put_back(&house, &old);
    let refused = house.try_unlock(FIRST).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.cause.to_string().contains("put back from revision 1; the newest is 2"), "{refused}");
}

#[tokio::test]
async fn a_retired_wrap_put_back_opens_nothing() {
    let house = furnished().await;
    let (passkey, proof) = (row(&house, "passkey", "spare"), row(&house, "proof", "spare"));
    run(&house.unlocked().await, remove("spare"), secret(Slot::CHECK, FIRST)).await.unwrap();
    put_back(&house, &passkey);
    put_back(&house, &proof);
    let refused = house.try_unlock(SECOND).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.cause.to_string().contains("was removed, and put back"), "{refused}");
    let named = findings(&house, FIRST).await.unwrap();
    assert!(named.iter().any(|f| matches!(f, Finding::Record { record, .. } if record.to_string() == "passkey spare")), "{named:?}");
}

#[tokio::test]
async fn the_wrap_of_a_same_named_deleted_passkey() {
    let house = furnished().await;
    let old = row(&house, "passkey", "spare");
    let session = house.unlocked().await;
    run(&session, remove("spare"), secret(Slot::CHECK, FIRST)).await.unwrap();
    run(&session, add("spare"), secret(Slot::NEW, THIRD)).await.unwrap();
    drop(session);
    put_back(&house, &old);
    let refused = house.try_unlock(SECOND).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged, "{refused}");
}

#[tokio::test]
async fn an_old_file_put_back_is_found_by_the_pin() {
    let house = furnished().await;
    let old = std::fs::read(house.catalog()).unwrap();
    run(&house.unlocked().await, policy("newer"), Secrets::new()).await.unwrap();
    std::fs::write(house.catalog(), &old).unwrap();
    let _ = std::fs::remove_file(house.folder.join("catalog.db-wal"));
    let refused = house.locked().await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.cause.to_string().contains("an older copy?"), "{refused}");
    let installation: String = sql(&house).query_row("SELECT id FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
    let at = house.connect_with(Settings { accept_changed: Some(installation), ..Settings::default() }).unwrap();
    house.unlock_with(at, FIRST).await.unwrap();
    house.try_unlock(FIRST).await.unwrap();
}

#[tokio::test]
async fn a_swapped_installation_is_found_by_the_pin() {
    let house = furnished().await;
    // Somebody builds another installation that calls itself by the same id, with a passphrase of theirs that really opens it.
    let clear: String = sql(&house).query_row("SELECT clear FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&clear).unwrap();
    members.insert("masterKeyId".into(), "0000000000000000".into());
    sql(&house).execute("UPDATE records SET clear = ?1 WHERE kind = 'installation'", [serde_json::to_string(&members).unwrap()]).unwrap();
    let refused = house.locked().await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.cause.to_string().contains("its master key is 0000000000000000, but this machine knows"), "{refused}");
}

#[tokio::test]
async fn the_journal_edited_reordered_thinned_and_cut_and_each_is_named() {
    let house = furnished().await;
    let last = house.locked().await.unwrap().facts().await.unwrap().head.seq;
    let broken = |seq: u64| move |f: &Finding| matches!(f, Finding::Broken { seq: found, .. } if *found == seq);
    let missing = |seq: u64| move |f: &Finding| matches!(f, Finding::Missing { seq: found } if *found == seq);
    let cut = |f: &Finding| matches!(f, Finding::CutOff { witness, .. } if witness.place.to_string() == "pin file");
    let attacks: Vec<(&str, String, Named)> = vec![
        ("edited", "UPDATE journal SET text = replace(text, 'spare', 'other') WHERE seq = 4".into(), Box::new(broken(4))),
        ("mac dropped and edited", "UPDATE journal SET text = replace(text, 'ana', 'ben'), mac = x'' WHERE seq = 4".into(), Box::new(broken(4))),
        ("removed", "DELETE FROM journal WHERE seq = 4".into(), Box::new(missing(4))),
        (
            "reordered",
            "UPDATE journal SET seq = 5000 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5; UPDATE journal SET seq = 5 WHERE seq = 5000".into(),
            Box::new(broken(4)),
        ),
        ("cut off", format!("DELETE FROM journal WHERE seq = {last}"), Box::new(cut)),
    ];
    for (what, attack, named) in attacks {
        let attacked = house.copy();
        sql(&attacked).execute_batch(&attack).unwrap();
        assert!(found(&attacked).await, "{what}");
        // Accepted on purpose, so that verification is reached and must name it.
        let installation: String =
            sql(&attacked).query_row("SELECT id FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
        let at = attacked.connect_with(Settings { accept_changed: Some(installation), ..Settings::default() }).unwrap();
        let session = Session::open(at).await.unwrap();
        let findings = session.verify_journal(&[]).await.unwrap().findings;
        assert!(findings.iter().any(named), "{what}: {findings:?}");
    }
}

#[tokio::test]
async fn a_whole_journal_rewritten_without_the_key_is_forged() {
    let house = furnished().await;
    {
        // Entries are rewritten with right hashes, as anyone can; the MACs cannot be.
        let db = sql(&house);
        let id: String = db.query_row("SELECT id FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
        let clear: String = db.query_row("SELECT clear FROM records WHERE kind = 'installation'", [], |r| r.get(0)).unwrap();
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&clear).unwrap();
        let mut link = kastellan::format::chain_start(&id, members["instanceId"].as_str().unwrap());
        let texts: Vec<String> =
            db.prepare("SELECT text FROM journal ORDER BY seq").unwrap().query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
        for text in texts {
            let entry: kastellan::format::Entry = serde_json::from_str(&text.replace("\"ana\"", "\"eve\"")).unwrap();
            let stored = link.append(&entry, None);
            db.execute(
                "UPDATE journal SET text = ?1, hash = ?2 WHERE seq = ?3",
                params![stored.text, &stored.hash[..], i64::try_from(stored.seq).unwrap()],
            )
            .unwrap();
            link = stored.link();
        }
    }
    let _ = std::fs::remove_file(house.folder.join("known"));
    let refused = house.try_unlock(FIRST).await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.cause.to_string().contains("was not vouched for by this installation"), "{refused}");
}
