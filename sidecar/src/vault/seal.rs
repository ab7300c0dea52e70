//! Authenticated encryption: XChaCha20-Poly1305 with a random nonce in front.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::{VaultError, random};

/// Bytes of a nonce. 192 bits are enough to draw nonces at random.
const NONCE_BYTES: usize = 24;

/// Seals `plain`, bound to `associated`.
pub(super) fn seal(key: &[u8; 32], associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: associated })
        .map_err(|_| VaultError::TooLong)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] sealed.
pub(super) fn open(
    key: &[u8; 32],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let Some((nonce, body)) = sealed.split_at_checked(NONCE_BYTES) else {
        return Err(VaultError::Tampered);
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: associated })
        .map_err(|_| VaultError::Tampered)
}
