//! Who is calling: ruling a customer out, picking one, looking for one by hand; who acts, and who is
//! signed in.

use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;

use super::call::Search;
use super::{Call, Effect, Env, Focus, Model};
use crate::copy;
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// After this the panel says what it is looking up.
pub(crate) const LOOKING_MS: i64 = 400;
/// After this it says that it is slow.
pub(crate) const SLOW_MS: i64 = 2_000;

impl Model {
    /// Sends the agent's word on who it is, or is not.
    pub(super) fn send_match(&mut self, id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        if call.known_state.is_none() {
            return;
        }
        let interaction_id = id.to_owned();
        if let Some(customer_id) = call.rejecting.clone() {
            env.send(
                id,
                Request::Reject(pb::RejectCustomerRequest {
                    interaction_id: interaction_id.clone(),
                    customer_id,
                }),
            );
        }
        if let Some(customer_id) = call.confirming.clone() {
            let request = pb::ConfirmCustomerRequest { interaction_id, customer_id };
            env.send(id, Request::Confirm(request));
        }
    }

    /// "Not Maria": everything of her leaves the screen before anything is sent.
    pub(super) fn rule_out(&mut self, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| self.may_note(call));
        let desk_id = self.link.desk_id.clone();
        let Some(call) = self.shown_mut().filter(|_| allowed) else {
            return;
        };
        let customer_id = call.customer_id().to_owned();
        if customer_id.is_empty() {
            return;
        }
        env.say("");
        env.cry(copy::CLEARED);
        call.clear_customer();
        call.rejected.push(customer_id.clone());
        call.rejecting = Some(customer_id);
        call.without = false;
        let id = call.id.clone();
        // The topic was to be found by the number that misled us.
        if std::mem::take(&mut call.desk_id) == desk_id && !desk_id.is_empty() {
            let request = pb::DropTopicRequest { desk_id, interaction_id: id.clone() };
            env.send(&id, Request::DropTopic(request));
        }
        self.send_match(&id, env);
        env.focus(Focus::Search);
    }

    /// The agent says who it is.
    pub(super) fn pick(&mut self, customer_id: String, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| self.may_note(call));
        let Some(call) = self.shown_mut().filter(|_| allowed) else {
            return;
        };
        call.take_back_in(&customer_id);
        call.confirming = Some(customer_id);
        let id = call.id.clone();
        self.send_match(&id, env);
        env.focus(Focus::Top);
    }

    /// Looks for a customer by what was typed.
    pub(super) fn search(&mut self, env: &mut Env<'_>) {
        self.with_shown(|call| {
            let text = call.search.text.trim_ascii().to_owned();
            if text.is_empty() || call.search.running {
                return;
            }
            call.search = Search { text, running: true, ..Search::default() };
            let by = guess(&call.search.text);
            env.send(&call.id, identify(by));
        });
    }

    pub(super) fn hear_candidates(
        &mut self,
        id: &str,
        request: &pb::IdentifyCallerRequest,
        result: Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let found = match result {
            Ok(Reply::Candidates(found)) => found,
            _ => Vec::new(),
        };
        let by = request.lookup.as_ref().and_then(|lookup| lookup.by.as_ref());
        if let (true, Some(By::AccountNumber(text))) = (found.is_empty(), by) {
            // What is no account may be the CRM's own id.
            env.send(id, identify(By::ExternalId(text.clone())));
            return;
        }
        call.search.running = false;
        call.search.nobody = found.is_empty();
        call.search.found = found;
    }

    /// Acts here and no longer in the other panel.
    pub(super) fn take_over(&mut self, env: &mut Env<'_>) {
        if let Some(call) = self.shown() {
            env.push(Effect::Acquire { call: call.id.clone(), steal: true });
        }
    }

    pub(super) fn sign_in(&mut self, env: &mut Env<'_>) {
        let Some(call) = self.shown_mut() else { return };
        call.asking = false;
        let id = call.id.clone();
        env.push(Effect::ForgetToken { call: id });
        self.retry(env);
    }

    pub(super) fn retry(&mut self, env: &mut Env<'_>) {
        let Some(call) = self.shown_mut() else { return };
        call.fault.clear();
        let id = call.id.clone();
        let unknown = call.known_state.is_none();
        self.ask_panel(&id, env);
        if unknown {
            self.start(&id, env);
        }
        self.flush_notes(env);
    }

    /// Asks for more of the timeline.
    pub(super) fn more_timeline(&mut self, env: &mut Env<'_>) {
        self.with_shown(|call| {
            let page_token = call.more.next_page_token.clone();
            if call.more.asked && page_token.is_empty() {
                return;
            }
            call.more.asked = true;
            call.more.next_page_token.clear();
            let customer_id = call.customer_id().to_owned();
            let request = pb::ListTimelineRequest { customer_id, page_size: 20, page_token };
            env.send(&call.id, Request::Timeline(request));
        });
    }

    pub(super) fn hear_timeline(&mut self, id: &str, result: Result<Reply, Fault>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        match result {
            Ok(Reply::Timeline(page)) => {
                call.more.items.extend(page.items);
                call.more.next_page_token = page.next_page_token;
            }
            _ => call.more.asked = !call.more.items.is_empty(),
        }
    }
}

impl Call {
    /// A customer who was ruled out is not any more.
    pub(super) fn take_back_in(&mut self, customer_id: &str) {
        if let Some(at) = self.rejected.iter().position(|id| id == customer_id) {
            self.rejected.swap_remove(at);
        }
    }

    /// How the caller is known, for people.
    pub(crate) fn lookup_text(&self) -> &str {
        match self.context.lookup.as_ref().and_then(|lookup| lookup.by.as_ref()) {
            Some(
                By::Phone(text) | By::Email(text) | By::ExternalId(text) | By::AccountNumber(text),
            ) => text,
            None => "",
        }
    }

    /// Whether the panel waits for the first answer about who it is.
    pub(crate) fn is_looking(&self) -> bool {
        let waiting = self.panel.is_none() && self.rejected.is_empty() && self.fault.is_empty();
        self.confirming.is_some() || waiting
    }
}

/// What a person means who types this into the search.
fn guess(text: &str) -> By {
    let (mut digits, mut letters, mut at) = (0, false, false);
    for letter in text.bytes() {
        digits += i32::from(letter.is_ascii_digit());
        letters |= letter.is_ascii_alphabetic() || !letter.is_ascii();
        at |= letter == b'@';
    }
    if at {
        By::Email(text.to_owned())
    } else if text.as_bytes().first() == Some(&b'+') || (!letters && digits >= 7) {
        By::Phone(text.to_owned())
    } else {
        By::AccountNumber(text.to_owned())
    }
}

fn identify(by: By) -> Request {
    Request::Identify(pb::IdentifyCallerRequest { lookup: Some(pb::Lookup { by: Some(by) }) })
}
