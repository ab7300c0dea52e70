//! Everything that can happen to a panel.

use std::rc::Rc;

use makegood_proto::v1 as pb;

use super::call::Acting;
use super::kept::Kept;
use super::logging::LogKind;
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// Something that happened.
pub(crate) enum Event {
    /// Time went by.
    Tick,
    /// The page is seen again, or the network is back.
    Wake,
    /// The host said something.
    Host(Host),
    /// This panel leads the stream of the agent's browser.
    Lead,
    /// Another panel leads, with this desk.
    Desk {
        /// The id of the desk.
        desk_id: String,
    },
    /// A message of the stream.
    Stream(Box<pb::WatchDeskResponse>),
    /// The stream ended.
    StreamClosed {
        /// Whether the sidecar had said that it would.
        going_away: bool,
    },
    /// Who may act on an interaction has changed.
    Acting {
        /// The interaction.
        call: String,
        /// Whether it is this panel.
        acting: Acting,
    },
    /// A call was answered, or was not.
    Answer {
        /// The interaction whose token was used.
        call: String,
        /// The request.
        request: Rc<Request>,
        /// The answer.
        result: Box<Result<Reply, Fault>>,
    },
    /// The agent did something.
    User(Action),
    /// The agent pressed a key.
    Key(Key),
    /// What this tab had kept is back.
    Restored(Kept),
}

/// What the host says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Host {
    /// The handshake is done.
    Joined,
    /// This interaction is to be shown.
    Interaction(Context),
    /// No interaction is to be shown.
    NoInteraction,
    /// Whether the panel only shows.
    ReadOnly(bool),
    /// When single keys work.
    Shortcuts(Shortcuts),
    /// May the call be completed?
    WrapUpGate {
        /// The host's id of the question.
        rid: String,
    },
}

/// What the host knows of an interaction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Context {
    /// The host's id.
    pub(crate) id: String,
    /// Where the call is in its life.
    pub(crate) state: pb::CallState,
    /// The channel.
    pub(crate) channel: pb::Channel,
    /// How the caller is known. Absent if the caller withholds it.
    pub(crate) lookup: Option<pb::Lookup>,
    /// The host's id of the case. May be empty.
    pub(crate) case_id: String,
    /// The contact reason. May be empty.
    pub(crate) reason: String,
}

/// When single keys work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortcuts {
    /// Whenever the panel has the focus.
    On,
    /// Never.
    Off,
}

/// A key that was pressed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Key {
    /// The key as the browser names it.
    pub(crate) name: String,
    /// Whether Control or Command is down.
    pub(crate) control: bool,
    /// Whether it was pressed in a field.
    pub(crate) field: Option<Field>,
    /// Whether a button has the focus, which takes Enter and Space itself.
    pub(crate) on_button: bool,
}

/// A field that is typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The composer's amount.
    Amount,
    /// The composer's note.
    Note,
    /// The search.
    Search,
    /// The words of the open form.
    Words,
    /// The amount of the open form.
    Value,
    /// The amount to approve of the question with this index.
    Approval(usize),
}

/// What the agent can do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Take the suggestion with this index.
    Card(usize),
    /// Open the composer.
    Compose,
    /// Close the composer and keep nothing.
    CloseDraft,
    /// Type into a field.
    Edit(Field, String),
    /// Set the composer's amount.
    Preset(i64),
    /// Choose the composer's gesture by its code.
    Gesture(String),
    /// Choose the composer's reason by its index.
    Reason(usize),
    /// Hold what the composer says.
    Hold,
    /// Hold and give what the composer says.
    GiveNow,
    /// Give what is held.
    Give(String),
    /// Ask once more before releasing.
    ArmRelease(String),
    /// Release what is held.
    Release(String),
    /// Ask a second person again.
    AskAgain(String),
    /// Take the question to a second person back.
    Withdraw(String),
    /// Answer the question with this index.
    Decide(usize, pb::ConsultAnswer),
    /// Prolong a hold.
    KeepHolding(String),
    /// Hold the same again after the hold ended.
    HoldAgain(String),
    /// Ask again what became of it.
    CheckAgain(String),
    /// Take a line off the tray.
    Dismiss(String),
    /// Undo within the undo time.
    Undo(String),
    /// Show or hide the reasons for taking back.
    AskBack(String),
    /// Take back what was given, for this reason of the API.
    TakeBack(String, i32),
    /// This is somebody else.
    NotThem,
    /// This customer is calling.
    Pick(String),
    /// Look for a customer.
    Search,
    /// Begin a call that the desktop has not named.
    StartByHand,
    /// Go on without a customer.
    Without,
    /// Act in this panel and no longer in the other.
    UseHere,
    /// Ask for a token again.
    SignIn,
    /// Ask for the panel again.
    Retry,
    /// Show or hide what can be logged.
    ToggleLog,
    /// Log this, or open its form.
    Log(LogKind),
    /// Choose the day of a promise, counted from today.
    Due(i64),
    /// Save what the form says.
    SaveForm,
    /// Close the form and keep nothing.
    CloseForm,
    /// Show or hide what can be remembered.
    ToggleRemember,
    /// Remember one of the ready preferences.
    Remember(usize),
    /// A preference is not true any more.
    Retire(String),
    /// A promise was kept.
    KeepPromise(String),
    /// The matter is settled, or not.
    ToggleSettled,
    /// Show more of the timeline.
    MoreTimeline,
    /// Show or hide the list of shortcuts.
    ToggleHelp,
}
