//! The host bridge over a memory map of one's own: what PAM changes comes in as ranges and states.
use lowmeg::{Bridge, ConfigPorts, Identity, State};

fn name(state: State) -> &'static str {
    match state {
        State::Mmio => "mmio",
        State::WriteProtected => "ro",
        State::WriteOnly => "wo",
        State::Writable => "rw",
    }
}

fn main() -> lowmeg::Result<()> {
    // Here the hypervisor's own map would be changed; this one prints what it would do.
    let bridge = Bridge::over_changes(Identity::Hyperv, |changes| {
        for change in changes.iter().filter(|change| !change.forced) {
            let range = &change.range;
            println!("{:05x}-{:05x} {} > {}", range.start, range.end - 1, name(change.before), name(change.now));
        }
        Ok(())
    })?;
    let mut ports = ConfigPorts::new(bridge)?;
    ports.bridge().power_on()?;

    // What a BIOS does by OUT: make E0000-FFFFF writable, copy itself there, protect it.
    for (offset, value) in [(0x58, 0x3000), (0x5c, 0x3333_0000), (0x58, 0x1000), (0x5c, 0x1111_0000)] {
        ports.write(0xcf8, 4, 0x8000_0000 | offset)?;
        ports.write(0xcfc, 4, value)?;
    }
    Ok(())
}
