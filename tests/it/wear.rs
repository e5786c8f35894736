//! Nobody can wear it down: attacks on the real program, over the wire.
//!
//! Each attack is held up for as long as a good client is measured, who asks as a reader does. What is
//! asserted is what the publisher would notice: readers are answered as soon as ever, memory and processor
//! time stay small, and who does not behave is gone within the limit that the configuration names.
//! The sizes here are those of a build machine; the same with all that a machine can hold is ignored, and
//! run by hand: `cargo test --test it wear -- --ignored --nocapture --test-threads 1`.

mod connections;
mod frames;
mod gauge;
mod paths;
mod slow;
mod smuggling;
mod stop;
mod streams;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One attack at a time: each measures what the machine has left for others.
fn alone() -> MutexGuard<'static, ()> {
    static ATTACK: Mutex<()> = Mutex::new(());
    ATTACK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Also when a test fails, what it has begun must come to its end.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}
