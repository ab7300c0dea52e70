//! A panel in pieces: what seldom changes is kept encoded and copied into each reply.
//!
//! Protobuf merges what stands one after another, so that encoded panels with some of the fields
//! each make one panel with all of them.

use bytes::{BufMut, Bytes};
use makegood_proto::v1;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use prost::{DecodeError, Message as _};

/// The field of `GetPanelResponse` that holds the panel.
const PANEL_FIELD: u32 = 1;

/// A panel with its long parts encoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EncodedPanel {
    /// What the policy shows, as a panel with nothing else.
    pub(super) policy: Bytes,
    /// The customer's story, as a panel with nothing else; empty while no customer is bound.
    pub(super) context: Bytes,
    /// Everything else.
    pub(super) rest: v1::Panel,
}

/// The policy as a piece of a panel.
pub(super) fn policy(view: v1::PolicyView) -> Bytes {
    let panel = v1::Panel { policy: Some(view), ..v1::Panel::default() };
    panel.encode_to_vec().into()
}

/// A customer's story as a piece of a panel.
pub(super) fn context(context: v1::CustomerContext) -> Bytes {
    let panel = v1::Panel { context: Some(context), ..v1::Panel::default() };
    panel.encode_to_vec().into()
}

impl EncodedPanel {
    /// Writes a `GetPanelResponse` that holds the panel; `reserve` is told its length in bytes
    /// before.
    pub fn write_response<B: BufMut>(&self, to: &mut B, reserve: impl FnOnce(&mut B, usize)) {
        let panel_len = self.policy.len() + self.context.len() + self.rest.encoded_len();
        let prefix_len = key_len(PANEL_FIELD) + encoded_len_varint(panel_len as u64);
        reserve(to, prefix_len + panel_len);
        encode_key(PANEL_FIELD, WireType::LengthDelimited, to);
        encode_varint(panel_len as u64, to);
        to.put_slice(&self.policy);
        to.put_slice(&self.context);
        self.rest.encode_raw(to);
    }

    /// The panel as a message.
    ///
    /// # Errors
    /// Never for pieces that this module has encoded.
    pub fn into_panel(self) -> Result<v1::Panel, DecodeError> {
        let mut panel = self.rest;
        panel.merge(self.policy)?;
        panel.merge(self.context)?;
        Ok(panel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> v1::Panel {
        v1::Panel {
            context: Some(v1::CustomerContext {
                gesture_count: 3,
                ..v1::CustomerContext::default()
            }),
            policy: Some(v1::PolicyView {
                name: "standard".repeat(40),
                ..v1::PolicyView::default()
            }),
            requested_interaction_id: "call-1".to_owned(),
            ..v1::Panel::default()
        }
    }

    fn encoded() -> EncodedPanel {
        let mut rest = panel();
        EncodedPanel {
            policy: policy(rest.policy.take().unwrap()),
            context: context(rest.context.take().unwrap()),
            rest,
        }
    }

    #[test]
    fn pieces_make_the_panel() {
        assert_eq!(encoded().into_panel().unwrap(), panel());
    }

    #[test]
    fn writes_the_response_that_holds_the_panel() {
        let mut bytes = Vec::new();
        let mut reserved = 0;
        encoded().write_response(&mut bytes, |_, length| reserved = length);
        assert_eq!(reserved, bytes.len());
        let response = v1::GetPanelResponse::decode(bytes.as_slice()).unwrap();
        assert_eq!(response.panel.unwrap(), panel());
    }
}
