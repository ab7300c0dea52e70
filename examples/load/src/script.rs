//! One call as an agent plays it: from the ring to the end.

use std::time::{Duration, Instant};

use makegood_proto::v1;
use prost::Message as _;
use tokio::time::sleep_until;
use uuid::Uuid;

use crate::desk::Desk;
use crate::dice::Dice;
use crate::requests::Conversation;
use crate::stage::{agent_id, customer_id};
use crate::target::Target;
use crate::timeline::{Kind, Log};
use crate::wire::{Ask, Outcome};

/// The runtime's timers are so coarse; a step that begins this late has begun in time.
const TIMER_GRAIN: Duration = Duration::from_millis(2);

/// The shortest call and the mean of what comes on top, in seconds of the day.
const SHORTEST_S: f64 = 60.0;
const ON_TOP_S: f64 = 300.0;
const LONGEST_S: f64 = 1_800.0;
/// The mean length of a call, in seconds of the day.
pub(crate) const MEAN_S: f64 = SHORTEST_S + ON_TOP_S;

/// What happens in a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Script {
    length: Duration,
    customer: usize,
    amount_minor: i64,
    has_preview: bool,
    gesture: Gesture,
    has_action: bool,
    interaction: Uuid,
    spend: Uuid,
    requests: [Uuid; 2],
}

/// What the customer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gesture {
    None,
    /// Given at once.
    Given,
    /// Held, and given in the end.
    Committed,
    /// Held, and released.
    Released,
}

impl Script {
    /// A call by chance; a second of the day takes `second`.
    pub(crate) fn draw(dice: &mut Dice, customer_count: usize, second: Duration) -> Self {
        let length_s = (SHORTEST_S + dice.exponential(ON_TOP_S)).min(LONGEST_S);
        // Of a hundred calls.
        let gesture = match dice.below(100) {
            0..12 => Gesture::Committed,
            12..16 => Gesture::Released,
            16..24 => Gesture::Given,
            _ => Gesture::None,
        };
        Self {
            length: second.mul_f64(length_s),
            customer: dice.below(customer_count),
            amount_minor: 500 + 500 * i64::try_from(dice.below(10)).unwrap_or(0),
            has_preview: gesture != Gesture::None || dice.below(100) < 20,
            gesture,
            has_action: dice.below(100) < 60,
            interaction: dice.uuid(),
            spend: dice.uuid(),
            requests: [dice.uuid(), dice.uuid()],
        }
    }
}

/// A call under way.
struct Play<'a> {
    desk: &'a Desk,
    log: &'a Log,
    due: Instant,
    length: Duration,
}

/// Plays a call that was meant to ring at `due`. A step that is refused is noted, and the call goes
/// on; without its customer it does not.
///
/// # Errors
/// Nothing that the sidecar does: a token could not be signed.
pub(crate) async fn play(
    target: &Target,
    desk: &Desk,
    script: &Script,
    due: Instant,
    log: &Log,
) -> anyhow::Result<()> {
    let interaction = format!("day-{}", script.interaction);
    let token = target.token(&agent_id(desk.agent), Some(&interaction))?;
    let mut call = Conversation::new(target.address, token, interaction);
    let play = Play { desk, log, due, length: script.length };
    let started = desk.link.call(call.start(&customer_id(script.customer))?).await;
    log.note(Kind::Start, due, &started);
    let Outcome::Done(started) = started else { return Ok(()) };
    let started = v1::StartInteractionResponse::decode(started)?;
    call.customer_id = started.interaction.unwrap_or_default().customer_id;
    play.at_once(Kind::Topic, call.add_topic(desk.id)?).await;
    play.at_once(Kind::Panel, call.panel()?).await;
    if !call.customer_id.is_empty() {
        play.serve(&call, script).await?;
    }
    play.at(1.0, Kind::End, call.end()?).await;
    play.at_once(Kind::Topic, call.drop_topic(desk.id)?).await;
    Ok(())
}

impl Play<'_> {
    async fn serve(&self, call: &Conversation, script: &Script) -> anyhow::Result<()> {
        let [settling, action] = script.requests;
        if script.has_preview {
            self.at(0.3, Kind::Preview, call.preview(script.amount_minor)?).await;
        }
        if script.gesture == Gesture::Given {
            let gift = call.give(script.amount_minor)?.with(script.spend);
            self.at(0.5, Kind::Give, gift).await;
        }
        if matches!(script.gesture, Gesture::Committed | Gesture::Released) {
            let ask = call.hold(script.amount_minor)?.with(script.spend);
            let held = self.at(0.5, Kind::Hold, ask).await;
            let (kind, settle) = match script.gesture {
                Gesture::Committed => (Kind::Commit, call.commit(script.spend, settling)?),
                _ => (Kind::Release, call.release(script.spend, settling)?),
            };
            if matches!(held, Outcome::Done(_)) {
                self.at(0.75, kind, settle).await;
            }
        }
        if script.has_action {
            self.at(0.85, Kind::Action, call.action(action)?).await;
        }
        Ok(())
    }

    /// Asks at a part of the call's length.
    async fn at(&self, part: f64, kind: Kind, ask: Ask) -> Outcome {
        let due = self.due + self.length.mul_f64(part);
        sleep_until(due.into()).await;
        let late = due.elapsed();
        let due = if late < TIMER_GRAIN { due + late } else { due };
        self.ask(kind, due, ask).await
    }

    async fn at_once(&self, kind: Kind, ask: Ask) -> Outcome {
        self.ask(kind, Instant::now(), ask).await
    }

    async fn ask(&self, kind: Kind, due: Instant, ask: Ask) -> Outcome {
        let outcome = self.desk.link.call(ask).await;
        self.log.note(kind, due, &outcome);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_calls_of_the_mean_length_and_the_shares_that_are_meant() {
        let mut dice = Dice::new(11, 0);
        let second = Duration::from_millis(100);
        let scripts: Vec<Script> =
            (0..20_000).map(|_| Script::draw(&mut dice, 50, second)).collect();
        let mean = scripts.iter().map(|it| it.length.as_secs_f64()).sum::<f64>() / 20_000.0;
        assert!((mean * 10.0 - MEAN_S).abs() < 10.0, "{mean}");
        let share = |gesture| scripts.iter().filter(|it| it.gesture == gesture).count() / 200;
        assert!((10..=14).contains(&share(Gesture::Committed)));
        assert!((6..=10).contains(&share(Gesture::Given)));
        assert!(scripts.iter().all(|it| it.customer < 50 && it.amount_minor > 0));
    }
}
