//! What is counted of a program, or of a service, that reads a feed.

use super::sketch::Sketch;

/// Hours that are looked back on.
pub(super) const HOURS: u8 = 24;

/// Complete days that are remembered.
pub(super) const DAYS: usize = 7;

/// Polls of one feed by one program.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    /// Polls, and how many of them were answered with 304, by the hour.
    hours: [[u32; 2]; HOURS as usize],
    /// The latest hour that is in it, since 1970.
    hour: i64,
    /// Who polled today.
    pub(super) today: Sketch,
    /// How many polled on the days before, the latest first.
    pub(super) days: [u32; DAYS],
}

impl Counter {
    pub(super) fn new(hour: i64) -> Self {
        Self {
            hours: [[0; 2]; HOURS as usize],
            hour,
            today: Sketch::new(),
            days: [0; DAYS],
        }
    }

    /// A poll in this hour.
    pub(super) fn poll(&mut self, hour: i64, is_not_modified: bool) {
        self.advance(hour);
        // One that comes late, by the clock of another thread, is of the latest hour.
        let [polls, not_modified] = &mut self.hours[place(self.hour)];
        *polls = polls.saturating_add(1);
        *not_modified = not_modified.saturating_add(u32::from(is_not_modified));
    }

    /// Forgets the hours that are past, up to `hour`.
    pub(super) fn advance(&mut self, hour: i64) {
        // After a jump of the clock all is past.
        let back = self.hour.saturating_sub(hour);
        if back > 1 {
            self.hours = [[0; 2]; HOURS as usize];
            self.hour = hour;
        }
        let passed = hour.saturating_sub(self.hour).clamp(0, i64::from(HOURS));
        for past in 0..passed {
            self.hours[place(hour - past)] = [0; 2];
        }
        self.hour = self.hour.max(hour);
    }

    /// Polls of the last day, and those of them that were answered with 304.
    pub(super) fn polls(&self) -> [u64; 2] {
        self.hours.iter().fold([0; 2], |[all, same], hour| {
            [all + u64::from(hour[0]), same + u64::from(hour[1])]
        })
    }

    /// Ends today, after which so many days begin. Who polled is forgotten; how many stays.
    pub(super) fn end_day(&mut self, days: usize) {
        let today = std::mem::replace(&mut self.today, Sketch::new()).count();
        let days = days.max(1);
        let kept = DAYS.saturating_sub(days);
        self.days.copy_within(..kept, DAYS - kept);
        self.days[..DAYS - kept].fill(0);
        if let Some(day) = self.days.get_mut(days - 1) {
            *day = u32::try_from(today).unwrap_or(u32::MAX);
        }
    }

    /// Whether nothing is known of any of the days that are remembered.
    pub(super) fn is_silent(&self) -> bool {
        self.days.iter().all(|&readers| readers == 0) && self.polls()[0] == 0
    }
}

fn place(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(HOURS.into())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_of_the_last_day_are_counted() {
        let mut counter = Counter::new(1000);
        for hour in 1000..1030 {
            counter.poll(hour, hour % 2 == 0);
            counter.poll(hour, false);
        }
        assert_eq!(counter.polls(), [48, 12]);
        // A thread whose clock was read before the hour was full.
        counter.poll(1028, true);
        assert_eq!(counter.polls(), [49, 13]);
        counter.advance(1040);
        assert_eq!(counter.polls(), [27, 7]);
        counter.advance(2000);
        assert_eq!(counter.polls(), [0, 0]);
        // The clock was wrong, and is set right.
        counter.poll(1_000_000, false);
        counter.poll(2000, false);
        assert_eq!(counter.polls(), [1, 0]);
    }

    #[test]
    fn readers_are_forgotten_with_their_day_and_their_number_with_the_week() {
        let mut counter = Counter::new(0);
        let add =
            |counter: &mut Counter, readers| (0..readers).for_each(|it| counter.today.add(it));
        add(&mut counter, 3);
        counter.end_day(1);
        assert_eq!(counter.days, [3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(counter.today.count(), 0);
        add(&mut counter, 5);
        counter.end_day(3);
        assert_eq!(counter.days, [0, 0, 5, 3, 0, 0, 0]);
        assert!(!counter.is_silent());
        counter.end_day(1);
        assert_eq!(counter.days, [0, 0, 0, 5, 3, 0, 0]);
        add(&mut counter, 1);
        counter.end_day(7);
        assert_eq!(counter.days, [0, 0, 0, 0, 0, 0, 1]);
        counter.end_day(1);
        assert!(counter.is_silent());
        add(&mut counter, 1);
        counter.end_day(8);
        assert!(counter.is_silent());
    }
}
