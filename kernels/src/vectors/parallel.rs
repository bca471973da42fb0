//! Work on several threads whose results come back in order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Results of units, by number, that wait for their turn.
struct ResultQueue<T> {
    done: Vec<Option<T>>,
    next: usize,
    /// A thread has panicked: nobody waits any more, and the scope passes the panic on.
    broken: bool,
}

/// Says so when the thread that holds it panics.
struct Watch<'a, T>(&'a Mutex<ResultQueue<T>>, &'a Condvar);

impl<T> Drop for Watch<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.0).broken = true;
            self.1.notify_all();
        }
    }
}

/// Runs `work(0)` to `work(units - 1)` on `threads` threads and gives each result to `take` in that
/// order. Threads work ahead by a few units each, no more.
pub(crate) fn in_order<T: Send>(
    units: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    take: impl FnMut(T),
) {
    let mut states = vec![(); threads.clamp(1, units.max(1))];
    in_order_with(&mut states, units, |(), unit| work(unit), take);
}

/// The same with a thread for each of `states` (one at least), which it alone uses.
pub(crate) fn in_order_with<S: Send, T: Send>(
    states: &mut [S],
    units: usize,
    work: impl Fn(&mut S, usize) -> T + Sync,
    mut take: impl FnMut(T),
) {
    let threads = states.len();
    if let [state] = states {
        (0..units).for_each(|unit| take(work(state, unit)));
        return;
    }
    let ahead = threads * 4;
    let unit = AtomicUsize::new(0);
    let waiting = Mutex::new(ResultQueue {
        done: (0..units).map(|_| None).collect(),
        next: 0,
        broken: false,
    });
    let changed = Condvar::new();
    std::thread::scope(|scope| {
        for state in states {
            let (unit, waiting, changed, work) = (&unit, &waiting, &changed, &work);
            scope.spawn(move || {
                let _watch = Watch(waiting, changed);
                loop {
                    let number = unit.fetch_add(1, Ordering::Relaxed);
                    if number >= units {
                        return;
                    }
                    drop(wait(waiting, changed, |state| number < state.next + ahead));
                    let result = work(state, number);
                    let mut state = lock(waiting);
                    state.done[number] = Some(result);
                    drop(state);
                    changed.notify_all();
                }
            });
        }
        let _watch = Watch(&waiting, &changed);
        for number in 0..units {
            let mut state = wait(&waiting, &changed, |state| state.done[number].is_some());
            let Some(result) = state.done[number].take() else { return };
            state.next = number + 1;
            drop(state);
            changed.notify_all();
            take(result);
        }
    });
}

fn lock<T>(waiting: &Mutex<ResultQueue<T>>) -> std::sync::MutexGuard<'_, ResultQueue<T>> {
    waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn wait<'a, T>(
    waiting: &'a Mutex<ResultQueue<T>>,
    changed: &Condvar,
    ready: impl Fn(&ResultQueue<T>) -> bool,
) -> std::sync::MutexGuard<'a, ResultQueue<T>> {
    let mut state = lock(waiting);
    while !ready(&state) && !state.broken {
        state = changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_comes_through() {
        in_order(100, 3, |unit| assert!(unit != 20), |()| {});
    }

    #[test]
    fn results_come_in_order() {
        for threads in [0, 1, 3, 50] {
            for units in [0, 1, 7, 100] {
                let mut taken = Vec::new();
                in_order(units, threads, |unit| unit * 3, |result| taken.push(result));
                assert_eq!(taken, (0..units).map(|unit| unit * 3).collect::<Vec<_>>());
            }
        }
    }
}
