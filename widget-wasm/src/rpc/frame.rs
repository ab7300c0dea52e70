//! The frames of gRPC-Web: five bytes of head, then a message or the trailer.

/// The longest frame that is taken: a panel is some ten kilobytes.
const MAX_FRAME: usize = 4 << 20;
const HEAD: usize = 5;
const COMPRESSED: u8 = 0x01;
const TRAILER: u8 = 0x80;

/// One frame of a reply's body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// An encoded message.
    Message(Vec<u8>),
    /// The trailer's lines, which end the body.
    Trailer(Vec<u8>),
}

/// The body is not gRPC-Web.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Cuts a body into frames, however the network has split it.
#[derive(Default)]
pub(crate) struct Decoder {
    pending: Vec<u8>,
}

impl Decoder {
    /// Takes the next bytes of the body.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Returns the next whole frame, or `None` until more bytes have come.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, Malformed> {
        let Some((head, rest)) = self.pending.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [flags, size @ ..] = *head;
        let size = u32::from_be_bytes(size) as usize;
        if flags & COMPRESSED != 0 || size > MAX_FRAME {
            return Err(Malformed);
        }
        let Some((body, rest)) = rest.split_at_checked(size) else {
            return Ok(None);
        };
        let (body, rest) = (body.to_vec(), rest.to_vec());
        self.pending = rest;
        Ok(Some(if flags & TRAILER == 0 { Frame::Message(body) } else { Frame::Trailer(body) }))
    }
}

/// Wraps a message for sending.
pub(crate) fn wrap(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + message.len());
    frame.push(0);
    // A request is far below 4 GiB: the longest field is a note.
    let size = u32::try_from(message.len()).unwrap_or(u32::MAX);
    frame.extend_from_slice(&size.to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Vec<u8> {
        let mut body = wrap(b"first");
        body.extend(wrap(b""));
        body.extend(wrap(&[7; 300]));
        let trailer = b"grpc-status: 0\r\n";
        body.push(TRAILER);
        body.extend((u32::try_from(trailer.len()).unwrap()).to_be_bytes());
        body.extend(trailer);
        body
    }

    fn drain(decoder: &mut Decoder, frames: &mut Vec<Frame>) {
        while let Some(frame) = decoder.next_frame().unwrap() {
            frames.push(frame);
        }
    }

    fn expected() -> Vec<Frame> {
        vec![
            Frame::Message(b"first".to_vec()),
            Frame::Message(Vec::new()),
            Frame::Message(vec![7; 300]),
            Frame::Trailer(b"grpc-status: 0\r\n".to_vec()),
        ]
    }

    #[test]
    fn finds_the_same_frames_wherever_the_body_is_split() {
        let body = body();
        for at in 0..=body.len() {
            let mut decoder = Decoder::default();
            let mut frames = Vec::new();
            for part in [&body[..at], &body[at..]] {
                decoder.push(part);
                drain(&mut decoder, &mut frames);
            }
            assert_eq!(frames, expected(), "split at byte {at}");
            assert!(decoder.pending.is_empty());
        }
    }

    #[test]
    fn finds_the_same_frames_byte_by_byte() {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for byte in body() {
            decoder.push(&[byte]);
            drain(&mut decoder, &mut frames);
        }
        assert_eq!(frames, expected());
    }

    #[test]
    fn keeps_an_unfinished_frame() {
        let body = body();
        let mut decoder = Decoder::default();
        decoder.push(&body[..body.len() - 1]);
        drain(&mut decoder, &mut Vec::new());
        assert!(!decoder.pending.is_empty());
    }

    #[test]
    fn refuses_compression_and_absurd_sizes() {
        for head in [[1, 0, 0, 0, 0], [0, 0xff, 0xff, 0xff, 0xff]] {
            let mut decoder = Decoder::default();
            decoder.push(&head);
            assert_eq!(decoder.next_frame(), Err(Malformed));
        }
    }
}
