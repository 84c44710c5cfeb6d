//! Rows of lists: filtered, sorted, and asked for as they come on the screen.

use super::{App, Effect, Out, Screen};
use crate::app::Item;
use crate::domain::{Artifact, Chronicle, PasskeyName, Policy, PolicyName};

/// Journal entries that are asked for at once.
const CHUNK: u64 = 200;
/// Journal entries that are kept.
const KEPT: usize = 4000;

impl App {
    /// Lists the passkeys anew, keeping `selected` selected where it is still there.
    pub(super) fn list_passkeys(&mut self, selected: Option<PasskeyName>) {
        let Some(facts) = &self.facts else { return };
        let list = &mut self.passkeys.list;
        self.passkeys.rows = crate::app::passkeys::listed(facts, &list.filter, list.sort, list.reverse);
        let at = selected.and_then(|name| {
            let found = facts.passkeys.iter().position(|p| p.name == name)?;
            self.passkeys.rows.iter().position(|row| *row as usize == found)
        });
        let row = at.unwrap_or(list.selected);
        list.select(row, self.passkeys.rows.len(), self.page);
    }

    pub(super) fn ask_policy_names(&mut self, out: &mut Out) {
        self.policies.asked.0 = self.epochs.next();
        out.push(Effect::LoadPolicyNames(self.policies.asked.0));
    }

    pub(super) fn take_policy_names(&mut self, names: &[String]) {
        let policies = &mut self.policies;
        let selected = policies.name(policies.list.selected).map(str::to_owned);
        policies.names = crate::app::Names::new(names);
        policies.loaded = true;
        policies.window.clear();
        policies.pending.clear();
        policies.rows = policies.names.holding(&policies.list.filter);
        if policies.list.reverse {
            policies.rows.reverse();
        }
        let at = selected.and_then(|name| policies.names.find(&name)).and_then(|at| policies.rows.iter().position(|row| *row == at));
        policies.list.select(at.unwrap_or(policies.list.selected), policies.rows.len(), self.page);
    }

    pub(super) fn take_policies(&mut self, found: Vec<Policy>) {
        let policies = &mut self.policies;
        for policy in found {
            policies.pending.retain(|name| *name != policy.name);
            policies.window.insert(policy.name.to_string(), policy);
        }
    }

    pub(super) fn take_journal(&mut self, chronicle: Chronicle) {
        self.extend_journal(chronicle.last);
        let journal = &mut self.journal;
        for line in chronicle.lines {
            if journal.pending == Some(line.seq) {
                journal.pending = None;
            }
            journal.lines.insert(line.seq, line);
        }
        if journal.lines.len() > KEPT {
            let at = journal.seq(journal.list.selected).unwrap_or(journal.last);
            let reach = (KEPT / 2) as u64;
            journal.lines.retain(|seq, _| seq.abs_diff(at) <= reach);
        }
        self.find_journal();
    }

    /// The journal has grown: the same entry stays selected, but at the top one stays at the top.
    pub(super) fn extend_journal(&mut self, last: u64) {
        let journal = &mut self.journal;
        if last < journal.last {
            // Another journal than the one that was read: nothing of it is kept.
            journal.lines.clear();
        } else if journal.list.selected > 0 && journal.list.filter.is_empty() {
            let grown = usize::try_from(last - journal.last).unwrap_or(0);
            journal.list.selected = journal.list.selected.saturating_add(grown);
            journal.list.offset = journal.list.offset.saturating_add(grown);
        }
        journal.last = last;
        let (selected, count) = (journal.list.selected, journal.count());
        journal.list.select(selected, count, self.page);
    }

    pub(super) fn ask_artifacts(&mut self, after: Option<String>, out: &mut Out) {
        if after.is_none() {
            self.artifacts.next = None;
        }
        self.artifacts.asked = (self.epochs.next(), true);
        out.push(Effect::LoadArtifacts(self.artifacts.asked.0, after));
    }

    /// A page of artifacts: the first one replaces what was there.
    pub(super) fn take_artifacts(&mut self, found: Vec<Artifact>, next: Option<String>) {
        let selected = self.row_of_sheet();
        let artifacts = &mut self.artifacts;
        artifacts.asked.1 = false;
        if artifacts.next.is_none() {
            artifacts.rows.clear();
        }
        artifacts.rows.extend(found);
        artifacts.next = next;
        artifacts.loaded = true;
        self.keep_on_sheet(selected.as_ref());
    }

    /// The cursor stays on its row, or at least within the rows that there are.
    pub(super) fn keep_on_sheet(&mut self, row: Option<&Item>) {
        if self.screen.is_sheet() {
            let (items, page) = (self.items(), self.page);
            let at = row.and_then(|row| items.iter().position(|item| item == row));
            if let Some(list) = self.sheet_mut() {
                list.select(at.unwrap_or(list.selected), items.len(), page);
            }
        }
    }

    /// The filter of the screen's list is `filter` now.
    pub(super) fn narrow(&mut self, filter: &str) {
        match self.screen {
            Screen::Overview => {}
            Screen::Artifacts | Screen::Dr | Screen::Readiness => {
                let selected = self.row_of_sheet();
                if let Some(list) = self.sheet_mut() {
                    filter.clone_into(&mut list.filter);
                }
                let (items, page) = (self.items(), self.page);
                let at = selected.and_then(|wanted| items.iter().position(|item| *item == wanted)).unwrap_or(0);
                if let Some(list) = self.sheet_mut() {
                    list.select(at, items.len(), page);
                }
            }
            Screen::Passkeys => {
                let selected = self.passkey_at(self.passkeys.list.selected).map(|p| p.name.clone());
                filter.clone_into(&mut self.passkeys.list.filter);
                self.list_passkeys(selected);
            }
            Screen::Policies => {
                let policies = &mut self.policies;
                let selected = policies.rows.get(policies.list.selected).copied();
                let grows = !policies.list.filter.is_empty() && filter.starts_with(&policies.list.filter);
                filter.clone_into(&mut policies.list.filter);
                let reverse = policies.list.reverse;
                if grows {
                    if reverse {
                        policies.rows.reverse();
                    }
                    policies.rows = policies.names.narrowed(&policies.rows, filter);
                } else {
                    policies.rows = policies.names.holding(filter);
                }
                if reverse {
                    policies.rows.reverse();
                }
                let at = selected.and_then(|wanted| policies.rows.iter().position(|row| *row == wanted));
                policies.list.select(at.unwrap_or(0), policies.rows.len(), self.page);
            }
            Screen::Journal => {
                let seq = self.journal.seq(self.journal.list.selected);
                filter.clone_into(&mut self.journal.list.filter);
                self.find_journal();
                let journal = &mut self.journal;
                let at = match seq {
                    Some(seq) if filter.is_empty() => usize::try_from(journal.last.saturating_sub(seq)).unwrap_or(0),
                    Some(seq) => journal.found.iter().position(|s| *s == seq).unwrap_or(0),
                    None => 0,
                };
                let count = journal.count();
                journal.list.select(at, count, self.page);
            }
        }
    }

    /// Entries that the filter leaves, of those that are here.
    fn find_journal(&mut self) {
        let journal = &mut self.journal;
        let needle = journal.list.filter.to_lowercase();
        journal.found.clear();
        if needle.is_empty() {
            return;
        }
        for (seq, line) in journal.lines.iter().rev() {
            let text = format!("{} {} {} {} {}", line.seq, line.who, line.from, line.verb, line.what);
            if text.to_lowercase().contains(&needle) {
                journal.found.push(*seq);
            }
        }
    }

    /// The next column to sort by.
    pub(super) fn sort(&mut self) {
        if self.screen == Screen::Passkeys {
            let columns = if self.size.0 < 100 { 4 } else { 6 };
            self.passkeys.list.sort = (self.passkeys.list.sort + 1) % columns;
            self.list_passkeys(self.passkey_at(self.passkeys.list.selected).map(|p| p.name.clone()));
        }
    }

    /// The other way round.
    pub(super) fn reverse(&mut self) {
        match self.screen {
            Screen::Passkeys => {
                self.passkeys.list.reverse = !self.passkeys.list.reverse;
                self.list_passkeys(self.passkey_at(self.passkeys.list.selected).map(|p| p.name.clone()));
            }
            Screen::Policies => {
                let policies = &mut self.policies;
                policies.list.reverse = !policies.list.reverse;
                policies.rows.reverse();
                let count = policies.rows.len();
                let mirrored = count.saturating_sub(policies.list.selected + 1);
                policies.list.select(mirrored, count, self.page);
            }
            _ => {}
        }
    }

    /// The view has room for `rows` rows.
    pub(super) fn turn_page(&mut self, rows: usize) {
        self.page = rows.max(1);
        let counts = (self.passkeys.rows.len(), self.policies.rows.len(), self.journal.count());
        let page = self.page;
        for (list, count) in [(&mut self.passkeys.list, counts.0), (&mut self.policies.list, counts.1), (&mut self.journal.list, counts.2)]
        {
            let selected = list.selected;
            list.select(selected, count, page);
        }
        self.keep_on_sheet(None);
    }

    /// Asks for rows that are on the screen, or about to be, and not here, each only once. Asked a little before they are needed, so that a
    /// list that scrolls by a row shows it at once.
    pub(super) fn need_rows(&mut self, out: &mut Out) {
        match self.screen {
            Screen::Policies => self.need_policies(out),
            Screen::Journal => self.need_journal(out),
            Screen::Artifacts => self.need_artifacts(out),
            _ => {}
        }
    }

    fn need_policies(&mut self, out: &mut Out) {
        let (policies, page) = (&mut self.policies, self.page);
        let from = policies.list.window(page);
        let around = |rows: usize| from.saturating_sub(rows)..from + page + rows;
        let named = |row: usize| policies.name(row)?.parse::<PolicyName>().ok();
        let asked = |name: PolicyName| policies.window.contains_key(name.as_str()) || policies.pending.contains(&name);
        if around(page / 4).filter_map(named).all(asked) {
            return;
        }
        let wanted: Vec<PolicyName> = around(page).filter_map(named).collect();
        if policies.window.len() > 4 * page + 64 {
            policies.window.retain(|name, _| wanted.iter().any(|v| v.as_str() == name));
        }
        let missing: Vec<PolicyName> = wanted.into_iter().filter(|name| !policies.window.contains_key(name.as_str())).collect();
        policies.asked.1 = self.epochs.next();
        policies.pending.clone_from(&missing);
        out.push(Effect::LoadPolicies(policies.asked.1, missing));
    }

    /// The next page a little before the end of the last one is on the screen.
    fn need_artifacts(&mut self, out: &mut Out) {
        if self.artifacts.asked.1 {
            return;
        }
        if !self.artifacts.loaded {
            return self.ask_artifacts(None, out);
        }
        let here = self.artifacts.rows.len();
        let near = self.artifacts.list.selected + 2 * self.page >= here;
        if near && let Some(next) = self.artifacts.next.clone() {
            self.ask_artifacts(Some(next), out);
        }
    }

    fn need_journal(&mut self, out: &mut Out) {
        let journal = &mut self.journal;
        let from = journal.list.window(self.page);
        let near = from..from + self.page + self.page / 4;
        let missing = near.filter_map(|row| journal.seq(row)).find(|seq| !journal.lines.contains_key(seq));
        if let Some(seq) = missing
            && journal.pending != Some(seq)
        {
            journal.pending = Some(seq);
            journal.asked.0 = self.epochs.next();
            let from = seq.saturating_sub(CHUNK - 1).max(1);
            out.push(Effect::LoadJournal { epoch: journal.asked.0, from, max: usize::try_from(seq - from + 1).unwrap_or(1) });
        }
    }
}
