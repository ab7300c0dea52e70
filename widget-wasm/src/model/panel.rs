//! Taking in a panel that the sidecar sent: only a newer state replaces an older one, and nobody
//! whom the agent has ruled out comes back.

use makegood_proto::v1 as pb;

use super::line::Line;
use super::{Call, Env, Model, millis};
use crate::copy;
use crate::format::Format;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};

/// The number of a state: entries of the ledger, then records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Revision {
    /// Ledger entries that the state has seen.
    pub(super) ledger: i64,
    /// Records that the state has seen.
    pub(super) record: i64,
}

impl Revision {
    fn of(panel: &pb::Panel) -> Revision {
        panel.revision.as_ref().map_or_else(Revision::default, |revision| Revision {
            ledger: revision.ledger_position,
            record: revision.record_position,
        })
    }
}

impl Model {
    pub(super) fn hear_panel(&mut self, id: &str, result: Result<Reply, Fault>, env: &mut Env<'_>) {
        let skew = match &result {
            Ok(Reply::Panel(panel)) => panel.as_of_time.as_ref().map(|time| millis(time) - env.now),
            _ => None,
        };
        let Some(call) = self.call_mut(id) else {
            return;
        };
        call.asking = false;
        match result {
            Ok(Reply::Panel(panel)) => {
                self.skew = skew.unwrap_or(self.skew);
                self.take_panel(id, *panel, env);
                self.flush_notes(env);
            }
            Err(fault) if !fault.is_unknown() && fault.code != Code::Unauthenticated => {
                call.fault =
                    if fault.words.is_empty() { copy::CANNOT_SHOW.to_owned() } else { fault.words };
            }
            _ => {}
        }
    }

    /// Takes a panel for an interaction, if it is newer than what is known.
    pub(super) fn take_panel(&mut self, id: &str, mut panel: pb::Panel, env: &mut Env<'_>) {
        let skew = self.skew;
        let Some(call) = self.call_mut(id) else {
            return;
        };
        if !call.accepts(&panel) {
            return;
        }
        let first = call.customer().is_none();
        if !first && call.customer_id() != customer_id(&panel) {
            call.clear_customer();
        }
        let race = call.race_of(&panel, env);
        let was_paused = call.pause().is_some();
        call.revision = Revision::of(&panel);
        call.rebase = false;
        call.fresh_at = env.now;
        call.fault.clear();
        call.signed_out = false;
        call.take_spends(&mut panel, env.now, skew);
        call.take_consults(&mut panel, env);
        call.panel = Some(panel);
        match call.pause() {
            Some(pause) if !was_paused => env.say(paused(pause, skew, env.fmt)),
            None if was_paused => env.say(copy::GOES_ON),
            _ => {}
        }
        if let Some(race) = race {
            env.say(race.clone());
            call.race = race;
        }
        if first && call.customer().is_some() {
            call.search = super::call::Search::default();
        }
        call.announce(env);
        let shown = self.shown.as_deref() == Some(id);
        if shown {
            self.settle_by_state(id, env);
        }
    }

    /// Asks for the panel of an interaction, unless that is under way.
    pub(super) fn ask_panel(&mut self, id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        if call.asking {
            return;
        }
        call.asking = true;
        // A customer who was ruled out must not be found again by the same number.
        let lookup = call.context.lookup.clone().filter(|_| call.rejected.is_empty());
        let request = pb::GetPanelRequest {
            interaction_id: id.to_owned(),
            lookup,
            customer_id: String::new(),
        };
        env.send(id, Request::GetPanel(request));
    }
}

/// Since when giving is paused, and why.
pub(crate) fn paused(pause: &pb::Pause, skew: i64, fmt: &dyn Format) -> String {
    let since = pause.start_time.as_ref().map_or(0, |time| millis(time) - skew);
    let why = match pause.reason() {
        pb::PauseReason::Budget => copy::BUDGET_USED,
        pb::PauseReason::Fraud => copy::FRAUD,
        pb::PauseReason::System => copy::SYSTEM_DOWN,
        pb::PauseReason::Policy => copy::POLICY_CHANGES,
        pb::PauseReason::Other | pb::PauseReason::Unspecified => copy::NO_MORE_KNOWN,
    };
    copy::paused(&fmt.day(since), &fmt.clock(since), why)
}

fn customer_id(panel: &pb::Panel) -> &str {
    let customer = panel.context.as_ref().and_then(|context| context.customer.as_ref());
    customer.map_or("", |customer| &customer.customer_id)
}

impl Call {
    fn accepts(&self, panel: &pb::Panel) -> bool {
        let ruled_out = self.rejected.iter().any(|id| id == customer_id(panel));
        !ruled_out && (self.rebase || self.panel.is_none() || Revision::of(panel) >= self.revision)
    }

    /// Brings the lines up to what the sidecar says, and adds those that it alone knows. What
    /// others gave stays in the panel.
    fn take_spends(&mut self, panel: &mut pb::Panel, now: i64, skew: i64) {
        let mut others = Vec::new();
        // The oldest comes last.
        while let Some(spend) = panel.spends.pop() {
            if !spend.own {
                others.insert(0, spend);
                continue;
            }
            match self.line_mut(&spend.spend_id) {
                Some(line) => line.take(spend, now, skew),
                None => self.lines.insert(0, Line::known(spend, now, skew)),
            }
        }
        panel.spends = others;
    }

    /// Says who is there and what can be given, once, as soon as both are known.
    fn announce(&mut self, env: &mut Env<'_>) {
        let (Some(context), Some(room)) = (self.customer_context(), self.headroom()) else {
            return;
        };
        if self.announced {
            return;
        }
        let name = context.customer.as_ref().map_or("", |customer| &customer.display_name);
        let score = context.recent_scores.first().map(|score| score.value);
        let amount = env.fmt.money(room.available_minor, &room.currency_code);
        env.say(copy::painted(name, score, &amount));
        self.announced = true;
    }

    /// What somebody else has done to the headroom, if a smaller one cannot be explained by what
    /// this agent did here.
    fn race_of(&self, panel: &pb::Panel, env: &Env<'_>) -> Option<String> {
        let (before, after) = (self.headroom()?, panel.headroom.as_ref()?);
        if before.limit_id != after.limit_id {
            return None;
        }
        let mut lost = before.available_minor - after.available_minor;
        for line in &self.lines {
            lost += line.outstanding_minor();
        }
        for spend in panel.spends.iter().filter(|spend| spend.own) {
            lost -= outstanding(spend);
        }
        if lost <= 0 || self.has_unsettled_line() {
            return None;
        }
        let known = |spend: &&pb::Spend| {
            let old = self.panel.as_ref().map_or(&[][..], |panel| &panel.spends);
            old.iter().any(|old| old.spend_id == spend.spend_id)
        };
        let other = panel.spends.iter().filter(|spend| !spend.own).find(|spend| !known(spend));
        let who = other.map_or("", |spend| &spend.agent_name);
        let money = |minor| env.fmt.money(minor, &after.currency_code);
        Some(copy::race_lost(who, self.first_name(), &money(lost), &money(after.available_minor)))
    }
}

/// What a spend takes of the headroom.
fn outstanding(spend: &pb::Spend) -> i64 {
    spend.held_minor + spend.committed_minor - spend.reversed_minor
}
