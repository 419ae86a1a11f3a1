//! An adjuster as a virtual machine monitor has it: its devices tell *one range and its state* at a time, to an
//! object behind a trait, and do not hear of errors. Here that trait is put on top of Lowmeg's changes, which come
//! together for each config write.
use lowmeg::{Bridge, Change, Identity, State};
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// What a chipset device of the monitor's calls.
trait AdjustRange: Send {
    /// Makes the guest see `range` in this state.
    fn adjust(&mut self, range: Range<u64>, state: State);
}

/// A memory map of 4 KiB pages.
struct PageMap(Arc<Mutex<Vec<State>>>);

impl AdjustRange for PageMap {
    fn adjust(&mut self, range: Range<u64>, state: State) {
        let mut pages = self.0.lock().unwrap();
        for page in range.start / 4096..range.end / 4096 {
            pages[page as usize] = state;
        }
    }
}

fn bridge_over(mut adjuster: impl AdjustRange + 'static) -> lowmeg::Result<Bridge> {
    Bridge::over_changes(Identity::Hyperv, move |changes: &[Change]| {
        for change in changes {
            adjuster.adjust(change.range.clone(), change.now);
        }
        Ok(())
    })
}

fn main() -> lowmeg::Result<()> {
    let pages = Arc::new(Mutex::new(vec![State::Writable; 256]));
    let mut bridge = bridge_over(PageMap(pages.clone()))?;
    bridge.power_on()?;
    assert!(pages.lock().unwrap()[0xa0..].iter().all(|state| *state == State::Mmio));
    bridge.write(0, 0x58, 0x1000, 0xf)?;
    bridge.write(0, 0x5c, 0x3000_0000, 0xf)?;
    let pages = pages.lock().unwrap();
    let count = |state| pages[0xc0..].iter().filter(|page| **page == state).count();
    println!("{} pages read-only, {} writable", count(State::WriteProtected), count(State::Writable));
    Ok(())
}
