//! Places, through the whole list.

use super::*;

#[tokio::test(start_paused = true)]
async fn sheds_under_load_but_never_the_end_of_a_hold() {
    let port = port(&[("limits.reads", "1")]);
    let first = port.call(PANEL, |_| ());
    let others = async {
        let answer = port.call(PANEL, |_| ()).await;
        assert_eq!(reason(&answer), ("8", "OVERLOADED"));
        assert_eq!(reason(&port.call(GIVE, |_| ()).await).0, "");
        assert_eq!(reason(&port.call(COMMIT, |_| ()).await).0, "");
        assert_eq!(reason(&port.call(HEALTH, |_| ()).await).0, "");
        assert_eq!(reason(&port.call(REFLECT, |_| ()).await), ("8", "OVERLOADED"));
    };
    let (first, ()) = futures_util::future::join(first, others).await;
    assert_eq!(reason(&first).0, "4");
    assert!(
        port.metrics.encode().unwrap().contains("makegood_shed_total{reason=\"OVERLOADED\"} 2")
    );
}

#[tokio::test]
async fn an_export_keeps_its_place_until_it_is_read_or_dropped() {
    let port = port(&[("limits.reads", "1")]);
    let export = port.call(EXPORT, |_| ()).await;
    assert_eq!(reason(&export).0, "");
    assert_eq!(reason(&port.call(IDENTIFY, |_| ()).await), ("8", "OVERLOADED"));
    drop(export);
    assert_eq!(reason(&port.call(IDENTIFY, |_| ()).await).0, "");
    let stream = port.call(REFLECT, |_| ()).await;
    assert_eq!(reason(&port.call(IDENTIFY, |_| ()).await).0, "", "a stream that lasts keeps none");
    drop(stream);
}
