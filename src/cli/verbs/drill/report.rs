//! A drill's report as files: new ones, never written over.

use super::repeat::Repeat;
use crate::cli::call::{Call, shown};
use crate::cli::output::End;
use crate::domain::{Act, Changed, DrillStep, Fault, Kind, Text};
use crate::host::create_owner_only;
use crate::ops::{REPORT_NAMESPACE, Rehearsed, Resource};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder for the report must be there before anything is asked.
///
/// # Errors
/// `Kind::Refused`.
pub fn ready(folder: &Path) -> Result<(), Fault> {
    if folder.is_dir() {
        return Ok(());
    }
    let next = Act::say("make it, or name another: --report DIR");
    Err(Fault::refused("drill not run", format!("there is no folder {} for the report", shown(folder)), next))
}

/// Writes report, signatures, Markdown and what repeats it, and says how the drill ended.
///
/// # Errors
/// `Kind::AnswerNo` where it failed; `Kind::Refused` where a file is there already.
pub async fn write(call: &Call, folder: &Path, rehearsed: &Rehearsed, repeat: &Repeat, sign_with: Option<&Path>) -> Result<(), End> {
    let drill = &rehearsed.drill;
    let at = |end: &str| folder.join(drill.file_name(end));
    let put = |end: &str, bytes: &[u8]| create_owner_only(&at(end), bytes, "the drill's report").map(crate::host::Owned::keep);
    let repeat = serde_yaml::to_string(repeat).map_err(|e| failed(e.to_string()))?;
    put("json", &rehearsed.json)?;
    if let Some((signature, _)) = &rehearsed.signed {
        put("json.sig", signature.as_bytes())?;
    }
    put("md", drill.markdown(rehearsed.signed.as_ref().map(|(_, key)| key.as_str())).as_bytes())?;
    put("drill.yaml", repeat.as_bytes())?;
    if let Some(key) = sign_with {
        let (key, json) = (key.to_owned(), rehearsed.json.clone());
        let signature = call.waiting("SSH signature", move || person_signs(&key, &json)).await;
        put("json.person.sig", &signature.map_err(|fault| fault.leaving(Changed::Partly("the report is written without it".into())))?)?;
    }
    let mut people = String::new();
    // Whoever watched has seen them go by.
    if !call.out.live() {
        people.extend(drill.steps.iter().map(|step| line(step) + "\n"));
    }
    // Absolute: it is read again from wherever somebody stands by then.
    let md = shown(&std::path::absolute(at("md")).unwrap_or_else(|_| at("md")));
    let beside =
        if rehearsed.signed.is_some() { " (and .json, .json.sig)" } else { " (and .json; no master key was recovered to sign it)" };
    let _ = writeln!(people, "{}\nreport: {md}{beside}", Text::new(drill.summary()));
    let body = serde_json::json!({
        "report": serde_json::to_value(drill).map_err(|e| failed(e.to_string()))?,
        "file": shown(&at("json")),
        "signedBy": rehearsed.signed.as_ref().map(|(_, key)| key),
    });
    call.out.one(Resource::ours("Drill", &drill.id, body), &people, true)?;
    match drill.steps.iter().find_map(|step| step.failed.as_ref()) {
        None => Ok(()),
        Some(first) => {
            let fault = Fault::new(Kind::AnswerNo, "the drill failed", first.why.clone(), Act::say(first.next.clone()));
            Err(fault.leaving(Changed::Unsaid).into())
        }
    }
}

/// A step that ended, in a line; one that failed says below what it means.
pub fn line(step: &DrillStep) -> String {
    let said = |mark: &str, end: &str| format!("[{mark}] {:6.1} s  {}{end}", seconds(step.ms), step.name);
    match (&step.found, &step.failed) {
        (_, Some(failed)) => format!("{}\n              {}", said("!", &format!(": FAILED: {}", failed.why)), failed.means),
        (Some(found), None) if !found.is_empty() => said("x", &format!(": {found}")),
        _ => said("x", ""),
    }
}

#[allow(clippy::cast_precision_loss, reason = "of a time for people one digit is shown")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn failed(cause: String) -> Fault {
    Fault::new(Kind::Unexpected, "drill report not written", cause, Act::say("run the drill again"))
}

/// ssh-keygen signs for a person: with a key's file, or with the agent's key of a `.pub` file.
fn person_signs(key: &Path, json: &[u8]) -> Result<Vec<u8>, Fault> {
    let not = |cause: String| {
        let next = Act::say("name a key that ssh-keygen can use: --sign-with ~/.ssh/id_ed25519.pub with an agent, or the key itself");
        Fault::new(Kind::Secret, "drill report not signed by a person", cause, next)
    };
    let key: PathBuf = std::path::absolute(key).map_err(|e| not(e.to_string()))?;
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", REPORT_NAMESPACE, "-f"])
        .arg(&key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| not(format!("ssh-keygen: {e}")))?;
    let fed = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(json));
    let ended = child.wait_with_output().map_err(|e| not(format!("ssh-keygen: {e}")))?;
    if !ended.status.success() || fed.is_err() {
        let said = String::from_utf8_lossy(&ended.stderr).lines().next().unwrap_or("it ended without a word").to_owned();
        return Err(not(format!("ssh-keygen: {said}")));
    }
    Ok(ended.stdout)
}
