//! The committed types are those that the `.proto` files give.

use std::path::Path;

#[test]
fn generated_code_matches_the_proto_files() {
    let proto_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gen");
    xtask::codegen::generate(proto_root, &fresh).expect("the .proto files compile");

    let stale = xtask::codegen::differences(&fresh, &proto_root.join("src/gen")).expect("readable");

    assert!(stale.is_empty(), "run `cargo xtask codegen`; these files differ: {stale:?}");
}
