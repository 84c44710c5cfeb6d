//! The overview as rows: unfinished work, answers, passkeys, one next act.

use super::App;
use crate::domain::{
    Act, Answer, Facts, Flow, Guided, Intent, Opens, Passkey, PasskeyName, Request, Scenario, Text, Unfinished, Verdict, count, readiness,
};

/// A row of the overview that can be selected; Enter explains and offers its act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A `!` line, from 0.
    Debt(usize),
    /// The heading of the cases, which opens all of them.
    Matrix,
    /// A scenario.
    Case(Scenario),
    /// A passkey.
    Passkey(PasskeyName),
    /// The next act.
    Next,
}

/// A row of the overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// `! Rotation to k10MasterKey-2 stopped at step 2 of 5 (prove), ben 14:02. Enter`
    Debt {
        /// Without the `!`.
        text: Text,
        /// What Enter starts.
        act: Option<Act>,
    },
    /// `Do I get the backups back?   YES in 1 case, stale in 1`
    Heading {
        /// The question.
        question: &'static str,
        /// The summary.
        answer: Text,
    },
    /// Heads of the columns of the cases.
    CaseHeads,
    /// A scenario with its answer.
    Case {
        /// Which.
        scenario: Scenario,
        /// The answer.
        verdict: Verdict,
        /// By which way, or why not.
        why: Text,
        /// When it was proved, `14:02`; `-` where never.
        proved: String,
        /// The act for every answer but YES.
        act: Option<Act>,
    },
    /// Cases that are YES, folded: `6 more cases`.
    MoreCases(usize),
    /// A passkey with its answer.
    Passkey {
        /// Which.
        name: PasskeyName,
        /// In use: `*`.
        in_use: bool,
        /// Its method's word.
        method: &'static str,
        /// The answer.
        opens: Opens,
        /// Why.
        why: Text,
        /// When it was proved; `-` where never.
        proved: String,
    },
    /// Passkeys that do not fit: `3 more passkeys: 2 shows them`.
    MorePasskeys(usize),
    /// `Next: finish the rotation (Enter).`
    Next {
        /// The act.
        act: Act,
        /// What comes then, where something does.
        then: Option<Act>,
    },
    /// A sentence (`facts not verified: locked`, or an empty state).
    Note(Text),
    /// An empty row.
    Blank,
}

/// The rows in order, each with what is selected on it, for a box with room for `height` rows. Where it is too tall, YES rows fold;
/// `!` lines and every row that is not YES stay as long as they fit at all.
#[must_use]
pub fn overview(app: &App, height: usize) -> Vec<(Row, Option<Target>)> {
    let Some(facts) = &app.facts else {
        return match &app.trouble {
            Some(fault) => vec![(debt(fault.line().into(), Some(fault.next.clone())), Some(Target::Debt(0)))],
            None => Vec::new(),
        };
    };
    if facts.installation.is_none() {
        let act = Act::start("set up a new installation", Intent::SetUp);
        return vec![(Row::Note("No installation is here yet.".into()), None), (Row::Next { act, then: None }, Some(Target::Next))];
    }
    let debts = debts(app, facts);
    if facts.unread > 0 {
        // Answers from some of the passkeys would be wrong ones.
        let mut rows: Vec<_> = debts.into_iter().enumerate().map(|(n, row)| (row, Some(Target::Debt(n)))).collect();
        rows.push((Row::Note(Text::new(format!("reading {} more passkeys", facts.unread))), None));
        return rows;
    }
    let answers = readiness(facts);
    let next = next(facts, &answers);
    let room = height.max(1);
    // Headings, heads of columns, one row between sections, next: all but cases and passkeys.
    let fixed = debts.len() + 3 + usize::from(next.is_some()) + usize::from(!facts.verified);
    let blanks = 2;
    let (cases, folded) = cases(facts, answers, room.saturating_sub(fixed + blanks + facts.passkeys.len().min(4)));
    let used = fixed + blanks + cases.len() + usize::from(folded > 0);
    let airy = used + facts.passkeys.len() <= room;
    let free = room.saturating_sub(if airy { used } else { used - blanks });
    let (passkeys, more) = passkeys(facts, free);

    let mut rows: Vec<(Row, Option<Target>)> = Vec::new();
    rows.extend(debts.into_iter().enumerate().map(|(n, row)| (row, Some(Target::Debt(n)))));
    rows.push((Row::Heading { question: "Do I get the backups back?", answer: answered(&cases, folded) }, Some(Target::Matrix)));
    rows.push((Row::CaseHeads, None));
    rows.extend(cases.into_iter().map(|row| {
        let target = if let Row::Case { scenario, .. } = &row { Some(Target::Case(scenario.clone())) } else { None };
        (row, target)
    }));
    if folded > 0 {
        rows.push((Row::MoreCases(folded), None));
    }
    if airy {
        rows.push((Row::Blank, None));
    }
    rows.push((Row::Heading { question: "Who can open them?", answer: counted(facts) }, None));
    rows.extend(passkeys.into_iter().map(|p| (passkey(facts, p), Some(Target::Passkey(p.name.clone())))));
    if more > 0 {
        rows.push((Row::MorePasskeys(more), None));
    }
    if !facts.verified {
        rows.push((Row::Note("facts not verified: locked".into()), None));
    }
    if airy {
        rows.push((Row::Blank, None));
    }
    rows.extend(next.map(|row| (row, Some(Target::Next))));
    rows
}

fn debt(text: Text, act: Option<Act>) -> Row {
    Row::Debt { text, act }
}

/// Unfinished work first, then whatever else is wrong.
fn debts(app: &App, facts: &Facts) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(fault) = &app.trouble {
        rows.push(debt(fault.line().into(), Some(fault.next.clone())));
    }
    if let Some(u) = &facts.unfinished {
        let act = Act::start("finish it, or take it back", Intent::Resume);
        rows.push(debt(stopped(u, facts), Some(act)));
    }
    // What this console itself is doing stands in its own flow.
    if let Some(holder) = facts.holder.as_ref().filter(|_| !app.operation_runs()) {
        rows.push(debt(Text::new(format!("{} is {} since {}", holder.who, holder.doing, holder.since.short(facts.now))), None));
    }
    if let Some(alarm) = &facts.alarm {
        rows.push(debt(alarm.clone(), Some(Act::start("look at the journal", Intent::Journal))));
    }
    if let Some(act) = facts.take_over() {
        rows.push(debt("restored, and not the owner: it seals and archives nothing.".into(), Some(act)));
    }
    for other in facts.dr.iter().flat_map(|dr| &dr.foreign) {
        let short = other.instance_id.get(..4).unwrap_or(&other.instance_id);
        let text =
            format!("Another machine ({short}) archives as this installation to {}, last {}.", other.location, other.at.short(facts.now));
        rows.push(debt(text.into(), Some(Act::start("kastellan dr list: two owners confuse whoever has to restore; end one", Intent::Dr))));
    }
    if facts.debt > 0 {
        rows.push(debt(in_no_archive(facts), Some(Act::flow("kastellan dr archive", Flow::DrArchive, None))));
    }
    // The first one stands with the changes already.
    for refuses in facts.refusing().skip(usize::from(facts.debt > 0)) {
        rows.push(debt(Text::new(format!("{}.", refuses.line(facts.now))), Some(refuses.act())));
    }
    for after in facts.aftermath.iter().filter(|after| after.left(facts) > 0) {
        let left = count(after.left(facts) as u64, "step", "steps");
        let text = format!("After the {}: {left} of {} left.", after.title(), after.todo(facts).len());
        rows.push(debt(text.into(), Some(Act::start("kastellan rotate --checklist", Intent::Guided(Guided::Checklist)))));
    }
    let altered = facts.passkeys.iter().filter(|p| p.altered).count();
    if altered > 0 {
        let what = if altered == 1 { "1 passkey record was".to_owned() } else { format!("{altered} passkey records were") };
        rows.push(debt(Text::new(format!("{what} altered outside of Kastellan")), Some(Act::start("verify the journal", Intent::Journal))));
    }
    rows
}

/// `3 changes in no DR archive: s3-eu refuses since 17 Nov (403 AccessDenied on PutObject).`
pub fn in_no_archive(facts: &Facts) -> Text {
    let changes = crate::domain::count(facts.debt, "change", "changes");
    let why = facts
        .refusing()
        .next()
        .map(|f| format!(": {} refuses since {} ({})", f.location, f.since.short(facts.now), f.cause))
        .unwrap_or_default();
    Text::new(format!("{changes} in no DR archive{why}."))
}

/// `Rotation to k10MasterKey-2 stopped at step 2 of 5 (prove), ben 14:02.`
pub fn stopped(u: &Unfinished, facts: &Facts) -> Text {
    let what = match &u.request {
        Request::Rotate(r) => format!("Rotation to {}", r.new),
        other => {
            let doing = other.doing(&facts.installation.as_ref().map(|i| i.name.clone()).unwrap_or_default()).to_string();
            let mut letters = doing.chars();
            letters.next().map(|c| c.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        }
    };
    let at = u.done.min(u.steps.len().saturating_sub(1));
    let title = u.steps.get(at).map(|t| format!(" ({t})")).unwrap_or_default();
    Text::new(format!("{what} stopped at step {} of {}{title}, {} {}.", at + 1, u.steps.len(), u.who, u.since.short(facts.now)))
}

/// The cases as rows, and how many YES ones are folded so that the others fit.
fn cases(facts: &Facts, answers: Vec<Answer>, room: usize) -> (Vec<Row>, usize) {
    let yes = answers.iter().filter(|a| a.verdict == Verdict::Yes).count();
    let folds = answers.len() > room && yes > 1;
    let kept = answers.into_iter().filter(|a| !folds || a.verdict != Verdict::Yes);
    let case = |a: Answer| Row::Case {
        scenario: a.scenario,
        verdict: a.verdict,
        why: a.why,
        proved: a.proved_at.map_or_else(|| "-".into(), |at| at.short(facts.now)),
        act: a.act,
    };
    (kept.map(case).collect(), if folds { yes } else { 0 })
}

/// The passkeys that fit, the one in use first, then those that are not YES; and how many do not.
fn passkeys(facts: &Facts, room: usize) -> (Vec<&Passkey>, usize) {
    let opens = |p: &Passkey| p.opens(&facts.ages, facts.now);
    let all = facts.passkeys.len();
    let mut shown: Vec<&Passkey> = Vec::new();
    let fit = if all <= room { all } else { room.saturating_sub(1) };
    shown.extend(facts.passkeys.iter().filter(|p| facts.in_use(&p.name)).take(fit));
    let rest = |yes: bool| facts.passkeys.iter().filter(move |p| !facts.in_use(&p.name) && (opens(p) == Opens::Yes) == yes);
    if all <= room {
        shown.extend(rest(true));
        shown.extend(rest(false));
    } else {
        shown.extend(rest(false).take(fit.saturating_sub(shown.len())));
        shown.extend(rest(true).take(fit.saturating_sub(shown.len())));
    }
    (shown.clone(), all - shown.len())
}

fn passkey(facts: &Facts, p: &Passkey) -> Row {
    Row::Passkey {
        name: p.name.clone(),
        in_use: facts.in_use(&p.name),
        method: p.method.word(),
        opens: p.opens(&facts.ages, facts.now),
        why: p.why(&facts.ages, facts.now),
        proved: super::passkeys::proved(p, facts.now),
    }
}

/// `NO in 1 case, stale in 2, yes in 7`.
fn answered(rows: &[Row], folded: usize) -> Text {
    let count = |wanted: Verdict| {
        let shown = rows.iter().filter(|row| matches!(row, Row::Case { verdict, .. } if *verdict == wanted)).count();
        if wanted == Verdict::Yes { shown + folded } else { shown }
    };
    let words = [
        (Verdict::No, "NO"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Stale, "stale"),
        (Verdict::Unproved, "unproved"),
        (Verdict::Yes, "yes"),
    ];
    let mut parts: Vec<String> = Vec::new();
    for (verdict, word) in words {
        let n = count(verdict);
        if n > 0 {
            let cases = match (parts.is_empty(), n) {
                (false, _) => "",
                (true, 1) => " case",
                (true, _) => " cases",
            };
            parts.push(format!("{word} in {n}{cases}"));
        }
    }
    Text::new(parts.join(", "))
}

/// `2 passkeys yes, 1 stale, 1 no, 1 pending`.
fn counted(facts: &Facts) -> Text {
    let mut counts = [0_usize; 5];
    for p in &facts.passkeys {
        counts[p.opens(&facts.ages, facts.now) as usize] += 1;
    }
    let words = [(Opens::Yes, "yes"), (Opens::Stale, "stale"), (Opens::Unknown, "unknown"), (Opens::No, "no"), (Opens::Pending, "pending")];
    let mut parts: Vec<String> = Vec::new();
    for (opens, word) in words {
        let n = counts[opens as usize];
        if n > 0 {
            let noun = match (parts.is_empty(), n) {
                (false, _) => "",
                (true, 1) => " passkey",
                (true, _) => " passkeys",
            };
            parts.push(format!("{n}{noun} {word}"));
        }
    }
    Text::new(parts.join(", "))
}

/// The one next act, and the one after it.
fn next(facts: &Facts, answers: &[Answer]) -> Option<Row> {
    let mut acts: Vec<Act> = Vec::new();
    if facts.unfinished.is_some() && facts.holder.is_none() {
        acts.push(Act::start("finish or abandon what was begun", Intent::Resume));
    }
    if !facts.unlocked() {
        acts.push(Act::start("unlock", Intent::Unlock));
    }
    // The worst answer first.
    let mut worst: Vec<&Answer> = answers.iter().collect();
    worst.sort_by_key(|a| std::cmp::Reverse(a.verdict));
    acts.extend(worst.into_iter().filter_map(|a| a.act.clone()));
    let stale = facts.passkeys.iter().find(|p| matches!(p.opens(&facts.ages, facts.now), Opens::Stale | Opens::Unknown));
    acts.extend(stale.map(|p| Act::start(format!("check {}", p.name), Intent::Check(p.name.clone()))));
    let mut distinct: Vec<Act> = Vec::new();
    for act in acts {
        if distinct.iter().all(|a| a.does != act.does) {
            distinct.push(act);
        }
    }
    let mut acts = distinct.into_iter();
    acts.next().map(|act| Row::Next { act, then: acts.next() })
}
