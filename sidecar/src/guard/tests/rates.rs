//! Rates, through the whole list.

use super::*;

#[tokio::test(start_paused = true)]
async fn limits_an_agent_but_never_the_end_of_a_hold() {
    let port = port(&[("agent_rate", "2")]);
    for _ in 0..4 {
        assert_eq!(reason(&port.call(GIVE, |_| ()).await).0, "");
    }
    assert_eq!(reason(&port.call(GIVE, |_| ()).await), ("8", "AGENT_RATE"));
    for path in [COMMIT, HEALTH] {
        for _ in 0..100 {
            assert_eq!(reason(&port.call(path, |_| ()).await).0, "", "{path}");
        }
    }
    let noor = port.token_of("agent-8", Access::Supervisor);
    let as_noor =
        |request: &mut Request<Body>| drop(request.headers_mut().insert("authorization", noor));
    assert_eq!(reason(&port.call(IDENTIFY, as_noor).await).0, "", "others go on");
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(reason(&port.call(GIVE, |_| ()).await).0, "");
    assert_eq!(reason(&port.call(GIVE, |_| ()).await), ("8", "AGENT_RATE"));
    let text = port.metrics.encode().unwrap();
    assert!(text.contains("makegood_shed_total{reason=\"AGENT_RATE\"} 2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn limits_searches_more_than_calls() {
    let port = port(&[]);
    for _ in 0..10 {
        assert_eq!(reason(&port.call(IDENTIFY, |_| ()).await).0, "");
    }
    for path in [IDENTIFY, EXPORT] {
        assert_eq!(reason(&port.call(path, |_| ()).await), ("8", "SEARCH_RATE"), "{path}");
    }
    assert_eq!(reason(&port.call(GIVE, |_| ()).await).0, "");
}

#[tokio::test(start_paused = true)]
async fn limits_the_tenant_whoever_calls() {
    let port = port(&[("tenant_rate", "1"), ("agent_rate", "1")]);
    for index in 0..7 {
        let token = port.token_of(&format!("agent-{index}"), Access::Admin);
        let expected = if index < 5 { "" } else { "TENANT_RATE" };
        let answer = port.call(IDENTIFY, |request| {
            request.headers_mut().insert(header::AUTHORIZATION, token);
        });
        assert_eq!(reason(&answer.await).1, expected, "{index}");
    }
    assert_eq!(reason(&port.call(COMMIT, |_| ()).await).0, "");
}

#[tokio::test(start_paused = true)]
async fn looks_at_no_new_token_from_where_too_many_failed() {
    let port = port(&[("agent_rate", "0"), ("tenant_rate", "0")]);
    let from = |address: &str, request: &mut Request<Body>| {
        let source = address.parse().ok();
        let places = Arc::new(tokio::sync::Semaphore::new(1));
        request.extensions_mut().insert(peer::Peer { places, source });
    };
    let fail = |request: &mut Request<Body>| {
        from("192.0.2.7", request);
        set("authorization", "Bearer x")(request);
    };
    let held = ("8", "FAILED_TOKENS");
    for _ in 0..=100 {
        assert_eq!(reason(&port.call(GIVE, fail).await), ("16", "TOKEN_MALFORMED"));
    }
    assert_eq!(reason(&port.call(GIVE, fail).await), held);
    let known = port.token(Access::Agent);
    let with_known = |request: &mut Request<Body>| {
        from("192.0.2.7", request);
        request.headers_mut().insert("authorization", known.clone());
    };
    assert_eq!(reason(&port.call(GIVE, with_known).await), held);
    assert_eq!(reason(&port.call(COMMIT, with_known).await).0, "", "the end of a hold goes on");
    assert_eq!(reason(&port.call(GIVE, with_known).await).0, "", "the token is known now");
    let elsewhere = |request: &mut Request<Body>| from("192.0.2.8", request);
    assert_eq!(reason(&port.call(GIVE, elsewhere).await).0, "");
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!(reason(&port.call(GIVE, fail).await), ("16", "TOKEN_MALFORMED"));
}
