//! For how many people services say that they read a feed.

use std::borrow::Cow;

/// How long a claim holds that is not repeated, in hours: a week.
pub(super) const HOLDS: i64 = 7 * 24;

/// One service's word on one feed.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    service: Cow<'static, str>,
    /// By which number it knows the feed, or which document it reads.
    feed_id: u64,
    newest: u32,
    /// What it said the time before.
    before: Option<u32>,
    /// The hour of the newest.
    hour: i64,
}

impl Claimed {
    /// The smaller of its last two numbers. A service grows slowly, and says so again in an hour; so one request that
    /// is sent in its name changes nothing.
    fn subscribers(&self) -> u32 {
        self.newest.min(self.before.unwrap_or(self.newest))
    }
}

/// What several services say, at most `MOST` of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims<const MOST: usize>(Vec<Claimed>);

impl<const MOST: usize> Claims<MOST> {
    /// `service` says that it reads the feed for `subscribers`. Where there is no room, the one that was silent
    /// longest is forgotten.
    pub(super) fn note(
        &mut self,
        service: &str,
        name: impl FnOnce() -> Cow<'static, str>,
        feed_id: u64,
        subscribers: u32,
        hour: i64,
    ) {
        let mut known = self.0.iter_mut();
        if let Some(known) = known.find(|it| it.feed_id == feed_id && it.service == service) {
            known.before = Some(known.newest);
            known.newest = subscribers;
            known.hour = hour;
            return;
        }
        if self.0.len() >= MOST {
            let silent = self.0.iter().enumerate().min_by_key(|(_, it)| it.hour);
            if let Some((at, _)) = silent {
                self.0.swap_remove(at);
            }
        }
        self.0.push(Claimed {
            service: name(),
            feed_id,
            newest: subscribers,
            before: None,
            hour,
        });
    }

    /// Forgets those that were silent for too long.
    pub(super) fn forget(&mut self, hour: i64) {
        self.0.retain(|it| hour.saturating_sub(it.hour) < HOLDS);
    }

    /// Each service with its subscribers, by each of its numbers for the feed.
    pub(super) fn iter(&self, hour: i64) -> impl Iterator<Item = (&str, u64)> {
        let fresh = self.0.iter();
        let fresh = fresh.filter(move |it| hour.saturating_sub(it.hour) < HOLDS);
        fresh.map(|it| (&*it.service, u64::from(it.subscribers())))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(claims: &mut Claims<4>, service: &'static str, id: u64, subscribers: u32, hour: i64) {
        claims.note(service, || service.into(), id, subscribers, hour);
    }

    fn all(claims: &Claims<4>, hour: i64) -> u64 {
        claims.iter(hour).map(|it| it.1).sum()
    }

    #[test]
    fn a_service_counts_once_for_each_of_its_numbers() {
        let mut claims = Claims::default();
        note(&mut claims, "Feedly", 1, 42, 0);
        assert_eq!(all(&claims, 0), 42);
        for hour in 0..5 {
            note(&mut claims, "Feedly", 1, 44, hour);
        }
        assert_eq!(all(&claims, 0), 44);
        note(&mut claims, "Feedly", 2, 3, 5);
        note(&mut claims, "Feedbin", 1, 10, 5);
        assert_eq!(all(&claims, 5), 57);
    }

    #[test]
    fn a_single_lie_changes_nothing() {
        let mut claims = Claims::default();
        for said in [42, 42, 500_000, 42, 43, 43] {
            note(&mut claims, "Feedly", 1, said, 0);
            let counted = all(&claims, 0);
            assert!((42..=43).contains(&counted), "{counted}");
        }
        note(&mut claims, "Feedly", 1, 7, 0);
        assert_eq!(all(&claims, 0), 7);
    }

    #[test]
    fn silence_is_forgotten_after_a_week() {
        let mut claims = Claims::default();
        note(&mut claims, "Feedly", 1, 42, 100);
        assert_eq!(all(&claims, 100 + HOLDS - 1), 42);
        assert_eq!(all(&claims, 100 + HOLDS), 0);
        claims.forget(100 + HOLDS - 1);
        assert!(!claims.is_empty());
        claims.forget(100 + HOLDS);
        assert!(claims.is_empty());
    }

    #[test]
    fn there_is_no_end_of_services_but_of_what_is_kept() {
        let mut claims = Claims::default();
        for id in 0..100 {
            note(&mut claims, "Feedly", id, 1, i64::try_from(id).unwrap());
        }
        assert_eq!(all(&claims, 100), 4);
        note(&mut claims, "Feedly", 99, 5, 101);
        assert_eq!(all(&claims, 101), 4);
    }
}
