use super::*;

fn order(place: &Place) -> Option<Order> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    match place.pulse.poll_order(&mut cx) {
        Poll::Ready(order) => Some(order),
        Poll::Pending => None,
    }
}

#[test]
fn who_is_quiet_longest_gives_way_first() {
    let places = Places::new(3);
    let [first, second, third] = [(); 3].map(|()| places.take());
    assert!(places.are_full());
    assert!(!places.make_room(), "all have only just come");
    // The first asks for something now and then, the second is being answered.
    drop(Busy::with(&first.pulse));
    let answer = Busy::with(&second.pulse);
    assert!(places.make_room());
    assert_eq!(
        [order(&first), order(&second), order(&third)],
        [None, None, Some(Order::GiveWay)]
    );
    drop(third);
    assert!(!places.are_full());
    // Since then it was quiet.
    assert!(places.make_room());
    assert_eq!(order(&first), Some(Order::GiveWay));
    drop(first);
    assert!(!places.make_room(), "the second is being answered");
    drop(answer);
    second.pulse.set_stalled(true);
    assert!(!places.make_room(), "and now being written to");
    second.pulse.set_stalled(false);
    assert!(!places.make_room(), "it has just asked");
    assert!(places.make_room());
    assert_eq!(order(&second), Some(Order::GiveWay));
    assert_eq!(order(&second), None, "an order is given once");
}

#[test]
fn who_asks_nothing_for_so_many_looks_is_told_to_go() {
    let places = Places::new(4);
    let [silent, asking, answered, watched] = [(); 4].map(|()| places.take());
    watched.pulse.is_watched_elsewhere();
    let answer = Busy::with(&answered.pulse);
    for _ in 0..LOOKS {
        places.look();
        drop(Busy::with(&asking.pulse));
        assert_eq!(order(&silent), None);
    }
    places.look();
    assert_eq!(order(&silent), Some(Order::GiveWay));
    for place in [&asking, &answered, &watched] {
        assert_eq!(order(place), None);
    }
    drop(answer);
    for _ in 0..LOOKS {
        assert_eq!(order(&answered), None);
        places.look();
    }
    assert_eq!(order(&answered), Some(Order::GiveWay));
}

#[test]
fn an_end_is_an_end_for_all() {
    let places = Places::new(2);
    let [one, other] = [(); 2].map(|()| places.take());
    assert!(!places.make_room() && places.make_room());
    places.finish();
    for place in [one, other] {
        assert_eq!(order(&place), Some(Order::Finish));
        assert_eq!(order(&place), Some(Order::Finish), "it holds from then on");
    }
}

#[test]
fn the_line_does_not_grow() {
    let places = Places::new(10);
    for _ in 0..10_000 {
        drop(places.take());
    }
    assert_eq!(places.taken(), 0);
    assert!(places.line.lock().unwrap().len() <= 20);
}

#[test]
fn what_only_answers_is_no_progress() {
    let check = |read: u64, written: u64, expected| {
        let before = SoFar {
            requests: 1,
            read: 100,
            written: 1000,
        };
        let now = SoFar {
            requests: 1,
            read: 100 + read,
            written: 1000 + written,
        };
        assert_eq!(now.is_ahead_of(before, 10), expected, "{read} {written}");
    };
    check(0, 0, false);
    check(0, 9, false);
    check(0, 10, true);
    check(17, 17, false);
    check(17, 27, true);
    check(27, 0, false);
}
