//! How far long work on a ledger is.

use std::cell::Cell;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rows are read and proved.
    Rows,
    /// `SQLite` looks at its pages and indexes.
    Pages,
    /// Texts are read and proved.
    Texts,
    /// The mirror is read and compared.
    Mirror,
    /// All is copied.
    Copy,
    /// What is sound in a ledger is looked for.
    Salvage,
    /// A new ledger is written.
    Writing,
}

/// Hears of each step how many of how many are done, or 0 of 0 where that can't be said.
pub type Progress<'a> = dyn Fn(Step, usize, usize) + 'a;

/// For work that nobody waits for.
pub(super) const UNTOLD: &Progress<'static> = &|_, _, _| ();

/// Counts what is done of a step, and tells.
pub(super) struct Count<'a> {
    progress: &'a Progress<'a>,
    step: Step,
    done: Cell<usize>,
    all: usize,
}

impl<'a> Count<'a> {
    pub(super) fn new(progress: &'a Progress<'a>, step: Step, all: usize) -> Self {
        Self {
            progress,
            step,
            done: Cell::new(0),
            all,
        }
    }

    /// Of what nobody waits for.
    pub(super) fn untold() -> Self {
        Self::new(UNTOLD, Step::Rows, 0)
    }

    /// One more is done.
    pub(super) fn one(&self) {
        self.done.set(self.done.get() + 1);
        (self.progress)(self.step, self.done.get(), self.all);
    }
}
