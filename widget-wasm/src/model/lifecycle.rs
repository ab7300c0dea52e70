//! From the ring to the end of a call: starting, updating and ending an interaction, here and at
//! the sidecar.

use makegood_proto::v1 as pb;

use super::event::Context;
use super::matching::{LOOKING_MS, SLOW_MS};
use super::{Call, Effect, Env, Focus, Model};
use crate::format::joined;
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// Interactions begun in the panel itself have ids of their own.
const BY_HAND: &str = "panel-";

impl Model {
    /// The host names the interaction on the agent's screen, or its new state.
    pub(super) fn hear_interaction(&mut self, context: Context, env: &mut Env<'_>) {
        let id = context.id.clone();
        if let Some(by_hand) = self.shown.clone().filter(|shown| shown.starts_with(BY_HAND))
            && by_hand != id
        {
            self.end(&by_hand, env);
        }
        if self.call_mut(&id).is_none() {
            if context.state == pb::CallState::Ended {
                return;
            }
            self.pop(context, env);
            return;
        }
        self.show(&id);
        let Some(call) = self.call_mut(&id) else {
            return;
        };
        let enriched = call.context.lookup.is_none() && context.lookup.is_some();
        if enriched {
            call.context.lookup = context.lookup;
        }
        let changed = call.state != context.state;
        if changed {
            call.turn(context.state, env.now);
        }
        if enriched && call.customer().is_none() {
            call.asking = false;
            self.ask_panel(&id, env);
        }
        if context.state == pb::CallState::Ended {
            self.end(&id, env);
        } else if changed {
            self.report_state(&id, env);
        }
    }

    /// A call rings: everything that it needs is asked for at once.
    fn pop(&mut self, context: Context, env: &mut Env<'_>) {
        let id = context.id.clone();
        let mut call = Call::new(context, env.now);
        call.recall(&mut self.parked);
        self.calls.push(call);
        self.show(&id);
        self.ask_panel(&id, env);
        self.start(&id, env);
        self.watch(env);
        env.push(Effect::Acquire { call: id, steal: false });
        env.wake(LOOKING_MS);
        env.wake(SLOW_MS);
    }

    fn show(&mut self, id: &str) {
        if self.shown.as_deref() != Some(id) {
            self.shown = Some(id.to_owned());
            self.help = false;
            self.polite.clear();
            self.urgent.clear();
        }
    }

    pub(super) fn start(&mut self, id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        if call.starting {
            return;
        }
        call.starting = true;
        let context = &call.context;
        let request = pb::StartInteractionRequest {
            interaction_id: id.to_owned(),
            channel: context.channel as i32,
            lookup: context.lookup.clone(),
            case_id: context.case_id.clone(),
            reason: context.reason.clone(),
            call_state: call.state as i32,
        };
        env.send(id, Request::Start(request));
    }

    /// Tells the sidecar where the call is now, if it knows the call and not its state.
    fn report_state(&mut self, id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        if call.known_state.is_none_or(|known| known == call.state) {
            return;
        }
        call.known_state = Some(call.state);
        let interaction_id = id.to_owned();
        let request = if call.is_open() {
            let call_state = call.state as i32;
            Request::Update(pb::UpdateInteractionRequest { interaction_id, call_state })
        } else {
            let resolved = call.resolved;
            Request::End(pb::EndInteractionRequest { interaction_id, resolved })
        };
        env.send(id, request);
    }

    fn end(&mut self, id: &str, env: &mut Env<'_>) {
        let desk_id = self.link.desk_id.clone();
        let Some(call) = self.call_mut(id) else {
            return;
        };
        call.turn(pb::CallState::Ended, env.now);
        if std::mem::take(&mut call.desk_id) == desk_id && !desk_id.is_empty() {
            let request = pb::DropTopicRequest { desk_id, interaction_id: id.to_owned() };
            env.send(id, Request::DropTopic(request));
        }
        self.report_state(id, env);
        env.push(Effect::Abandon { call: id.to_owned() });
        if self.shown.as_deref() == Some(id) {
            self.shown = None;
        }
    }

    pub(super) fn hear_interaction_reply(
        &mut self,
        id: &str,
        request: &Request,
        result: &Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        let lost = result.as_ref().is_err_and(Fault::is_unknown);
        let done = result.is_ok();
        let Some(call) = self.call_mut(id) else {
            return;
        };
        match request {
            Request::Start(request) => {
                call.starting = false;
                if done {
                    call.known_state = Some(request.call_state());
                    self.follow_start(id, env);
                }
            }
            // What may not have arrived is reported again.
            Request::Update(_) if lost => call.known_state = Some(pb::CallState::Unspecified),
            Request::Confirm(request) => {
                if !lost {
                    call.confirming = None;
                }
                if done {
                    call.take_back_in(&request.customer_id);
                    call.rebase = true;
                    call.asking = false;
                    self.ask_panel(id, env);
                }
            }
            Request::Reject(_) if !lost => {
                call.rejecting = None;
                call.asking = false;
                self.ask_panel(id, env);
            }
            _ => {}
        }
    }

    /// The sidecar knows the interaction: what had to wait for that goes out.
    fn follow_start(&mut self, id: &str, env: &mut Env<'_>) {
        self.report_state(id, env);
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let waits = call.confirming.is_some() || call.rejecting.is_some();
        if waits {
            self.send_match(id, env);
        } else if !call.is_bound() {
            call.asking = false;
            self.ask_panel(id, env);
        }
    }

    /// Begins a call that the desktop has not named, so that a customer can be looked for.
    pub(super) fn start_by_hand(&mut self, env: &mut Env<'_>) {
        let id = joined(&[BY_HAND, &env.new_id()]);
        let context = Context {
            id,
            state: pb::CallState::Connected,
            channel: pb::Channel::Phone,
            lookup: None,
            case_id: String::new(),
            reason: String::new(),
        };
        self.pop(context, env);
        env.focus(Focus::Search);
    }

    /// Sends again what the sidecar has not acknowledged, once it answers.
    pub(super) fn resend_match(&mut self, env: &mut Env<'_>) {
        for index in 0..self.calls.len() {
            let Some(call) = self.calls.get(index).filter(|call| !call.signed_out) else {
                continue;
            };
            let id = call.id.clone();
            if call.known_state.is_none() && call.is_open() {
                self.start(&id, env);
            } else {
                self.report_state(&id, env);
                self.send_match(&id, env);
            }
        }
    }
}

impl Call {
    /// Goes to another state of the call.
    fn turn(&mut self, state: pb::CallState, now: i64) {
        self.state = state;
        self.state_at = now;
        if state == pb::CallState::Connected && self.connected_at.is_none() {
            self.connected_at = Some(now);
        }
        if state == pb::CallState::WrapUp {
            self.log_open = true;
        }
    }
}
