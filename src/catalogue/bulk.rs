//! Much at once: on all cores, and into sets that come out full.

use imbl::OrdSet;
use rayon::prelude::*;

/// Up to so many are done where they are: to wake another thread takes longer.
const FEW: usize = 64;

/// What `work` makes of each of `items`, in their order.
pub(crate) fn on_all_cores<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Option<T> + Sync + Send,
) -> Vec<T> {
    if items.len() <= FEW {
        items.iter().filter_map(work).collect()
    } else {
        items.par_iter().filter_map(work).collect()
    }
}

/// A set of `members`, in no order. It takes a fraction of the time of entering them one by one, and
/// of the memory: those that go in side by side leave each node of the tree half full, so that every
/// second one goes in first, and then the others between them.
pub(super) fn set_of<T: Ord + Clone + Send>(mut members: Vec<T>) -> OrdSet<T> {
    members.par_sort_unstable();
    members.dedup();
    let first = members.iter().step_by(2);
    let between = members.iter().skip(1).step_by(2);
    let mut set = OrdSet::new();
    for member in first.chain(between) {
        set.insert(member.clone());
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_made_at_once_is_that_made_one_by_one() {
        for count in [0, 1, 2, 63, 64, 65, 1000] {
            let members: Vec<u32> = (0..count).map(|it| it * 7919 % 613).collect();
            assert_eq!(set_of(members.clone()), members.iter().copied().collect());
        }
    }

    #[test]
    fn the_order_stays_however_many_there_are() {
        for count in [FEW, FEW + 1, 10 * FEW] {
            let items: Vec<usize> = (0..count).collect();
            let odd = on_all_cores(&items, |it| (it % 2 == 1).then_some(*it));
            assert!(odd.is_sorted() && odd.len() == count / 2);
        }
    }
}
