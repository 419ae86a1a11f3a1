//! The host bridge, its configuration ports, and what lies beneath.
use crate::error::{check, Result};
use crate::get::{Client, HostOptions, OwnAdjuster};
use crate::sys;
use std::ops::Range;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

/// Who the bridge says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// 82441FX, the one that SeaBIOS knows.
    I440fx = 0,
    /// 82443BX with AGP.
    I440bx = 1,
    /// What Hyper-V and OpenVMM present; has no map of its own.
    Hyperv = 2,
}

/// The state of a segment: WE RE of its PAM field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Reads and writes go to PCI.
    Mmio,
    /// Reads from RAM, writes to PCI.
    WriteProtected,
    /// Reads from PCI, writes to RAM.
    WriteOnly,
    /// RAM.
    Writable,
}

impl State {
    fn from_c(state: u32) -> State {
        match state {
            1 => State::WriteProtected,
            2 => State::WriteOnly,
            3 => State::Writable,
            _ => State::Mmio,
        }
    }
}

/// One segment's change by a config write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Guest physical addresses, in bytes.
    pub range: Range<u64>,
    /// The state told last.
    pub before: State,
    /// The state to make.
    pub now: State,
    /// Told at power-on, reset or restore, changed or not.
    pub forced: bool,
}

/// The states of the 13 segments in the order of the registers: F0000, then C0000 and upwards.
pub type Segments = [State; 13];

/// Where one kind of access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The board.
    Bus,
    /// Writes only: nowhere.
    Drop,
    /// Reads and fetches only: FFh.
    Open,
    /// RAM from this offset on.
    Ram(u64),
    /// ROM from this offset on.
    Rom(u64),
}

impl Route {
    fn to_c(self) -> sys::lowmeg_route {
        let (target, offset) = match self {
            Route::Bus => (0, 0),
            Route::Drop => (1, 0),
            Route::Open => (2, 0),
            Route::Ram(offset) => (3, offset),
            Route::Rom(offset) => (4, offset),
        };
        sys::lowmeg_route { target, reserved: 0, offset }
    }

    fn from_c(route: sys::lowmeg_route) -> Route {
        match route.target {
            1 => Route::Drop,
            2 => Route::Open,
            3 => Route::Ram(route.offset),
            4 => Route::Rom(route.offset),
            _ => Route::Bus,
        }
    }
}

/// A range of a map, and where its first page's accesses go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Guest physical addresses, whole pages.
    pub range: Range<u64>,
    /// Of reads.
    pub read: Route,
    /// Of writes.
    pub write: Route,
    /// Of fetches of code.
    pub fetch: Route,
}

fn to_c(regions: &[Region]) -> Vec<sys::lowmeg_region> {
    let region = |r: &Region| sys::lowmeg_region {
        start: r.range.start,
        end: r.range.end,
        read: r.read.to_c(),
        write: r.write.to_c(),
        fetch: r.fetch.to_c(),
    };
    regions.iter().map(region).collect()
}

fn view_of(regions: &[sys::lowmeg_region]) -> sys::lowmeg_view {
    sys::lowmeg_view { regions: regions.as_ptr(), count: regions.len() }
}

/// What the guest sees of the 4 GiB from 0, by who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// A CPU.
    pub cpu: Vec<Region>,
    /// A CPU in system management mode.
    pub cpu_smm: Vec<Region>,
    /// DMA by a device.
    pub bus_master: Vec<Region>,
}

/// # Safety
/// The view is one that the library hands to a callback.
unsafe fn from_c(view: sys::lowmeg_view) -> Vec<Region> {
    let region = |r: &sys::lowmeg_region| Region {
        range: r.start..r.end,
        read: Route::from_c(r.read),
        write: Route::from_c(r.write),
        fetch: Route::from_c(r.fetch),
    };
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(view.regions, view.count) }.iter().map(region).collect()
}

type Adjust = Box<dyn FnMut(&[Change]) -> std::result::Result<(), i32> + Send>;
type Commit = Box<dyn FnMut(&Map) -> std::result::Result<(), i32> + Send>;

fn answered(result: std::thread::Result<std::result::Result<(), i32>>) -> i32 {
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(0)) | Err(_) => -1,
        Ok(Err(code)) => code,
    }
}

unsafe extern "C" fn adjust(context: *mut c_void, changes: *const sys::lowmeg_change, count: usize) -> i32 {
    let change = |c: &sys::lowmeg_change| Change {
        range: c.start..c.end,
        before: State::from_c(c.before),
        now: State::from_c(c.now),
        forced: c.forced != 0,
    };
    answered(catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the context is the bridge's own box, and the bridge is in a call.
        let closure = unsafe { &mut *context.cast::<Adjust>() };
        let changes = unsafe { std::slice::from_raw_parts(changes, count) };
        closure(&changes.iter().map(change).collect::<Vec<_>>())
    })))
}

unsafe extern "C" fn commit(context: *mut c_void, map: *const sys::lowmeg_map) -> i32 {
    answered(catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as in adjust; the map is valid during the call.
        let (closure, map) = unsafe { (&mut *context.cast::<Commit>(), &*map) };
        let views = unsafe { (from_c(map.cpu), from_c(map.cpu_smm), from_c(map.bus_master)) };
        closure(&Map { cpu: views.0, cpu_smm: views.1, bus_master: views.2 })
    })))
}

// What a bridge borrows. The closures lie in a box of their own, whose address the library has.
#[allow(dead_code)]
enum Below {
    Changes(Box<Adjust>),
    Maps(Box<Commit>),
    Host(OwnAdjuster),
}

/// A host bridge. Nothing is told before [`Bridge::power_on`].
pub struct Bridge {
    handle: *mut sys::lowmeg_bridge,
    below: Below,
}

// SAFETY: the library asks that one thread at a time uses an object, which &mut self sees to, and the closures are
// Send. What a bridge has beneath it belongs to it alone.
unsafe impl Send for Bridge {}

impl Bridge {
    fn config(identity: Identity) -> sys::lowmeg_bridge_config {
        let none = sys::lowmeg_view { regions: ptr::null(), count: 0 };
        sys::lowmeg_bridge_config {
            size: std::mem::size_of::<sys::lowmeg_bridge_config>() as u32,
            identity: identity as u32,
            agp_strapped_off: 0,
            reserved: 0,
            ram_bytes: 0,
            event: None,
            event_context: ptr::null_mut(),
            adjust: None,
            adjuster: ptr::null_mut(),
            commit: None,
            kvm: ptr::null_mut(),
            below_context: ptr::null_mut(),
            pci: none,
            agp: none,
        }
    }

    fn create(config: &sys::lowmeg_bridge_config, below: Below) -> Result<Bridge> {
        let mut handle = ptr::null_mut();
        // SAFETY: the configuration is complete, and what it refers to outlives the call, or lives in `below`.
        check(unsafe { sys::lowmeg_bridge_create(config, &mut handle) })?;
        Ok(Bridge { handle, below })
    }

    /// A bridge that acts on PAM alone, as Hyper-V does. The closure makes the guest see the changes, all those of
    /// one config write, before it goes on; an error's number comes back as [`crate::Status::Refused`].
    pub fn over_changes<F>(identity: Identity, adjust_ranges: F) -> Result<Bridge>
    where
        F: FnMut(&[Change]) -> std::result::Result<(), i32> + Send + 'static,
    {
        let mut closure: Box<Adjust> = Box::new(Box::new(adjust_ranges));
        let mut config = Bridge::config(identity);
        config.adjust = Some(adjust);
        config.below_context = (&mut *closure as *mut Adjust).cast();
        Bridge::create(&config, Below::Changes(closure))
    }

    /// A bridge that acts as the chip does. `pci` is what answers on PCI, sorted; nobody does elsewhere.
    pub fn over_maps<F>(identity: Identity, ram_bytes: u64, pci: &[Region], commit_map: F) -> Result<Bridge>
    where
        F: FnMut(&Map) -> std::result::Result<(), i32> + Send + 'static,
    {
        let mut closure: Box<Commit> = Box::new(Box::new(commit_map));
        let pci = to_c(pci);
        let mut config = Bridge::config(identity);
        config.ram_bytes = ram_bytes;
        config.commit = Some(commit);
        config.below_context = (&mut *closure as *mut Commit).cast();
        config.pci = view_of(&pci);
        Bridge::create(&config, Below::Maps(closure))
    }

    /// A bridge whose changes go to a host over GET, as OpenHCL's: messages come out of [`Bridge::client`], and
    /// answers go in there.
    pub fn over_host(identity: Identity, options: &HostOptions) -> Result<Bridge> {
        let adjuster = OwnAdjuster::new(options)?;
        let mut config = Bridge::config(identity);
        config.adjuster = adjuster.handle();
        Bridge::create(&config, Below::Host(adjuster))
    }

    /// The GET client of a bridge over a host.
    pub fn client(&mut self) -> Option<&mut Client> {
        match &mut self.below {
            Below::Host(adjuster) => Some(adjuster.client()),
            _ => None,
        }
    }

    /// Tells what is beneath of the reset values; once, before any write.
    pub fn power_on(&mut self) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_bridge_power_on(self.handle) })
    }

    /// Registers to their reset values, told again.
    pub fn reset(&mut self) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_bridge_reset(self.handle) })
    }

    /// A configuration dword of device 0, or of the AGP bridge, 1.
    pub fn read(&mut self, device: u32, offset: u32) -> Result<u32> {
        let mut value = 0;
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_bridge_read(self.handle, device, offset, &mut value) })?;
        Ok(value)
    }

    /// Writes the bytes of a dword that are enabled.
    pub fn write(&mut self, device: u32, offset: u32, value: u32, byte_enables: u32) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_bridge_write(self.handle, device, offset, value, byte_enables) })
    }

    /// The states that PAM asks for.
    pub fn pam_states(&mut self) -> Result<Segments> {
        let mut states = [0u32; 13];
        // SAFETY: the handle is open, and there is room for 13.
        check(unsafe { sys::lowmeg_bridge_pam_states(self.handle, states.as_mut_ptr()) })?;
        Ok(states.map(State::from_c))
    }

    /// Something else answers on the buses from now on.
    pub fn bus_changed(&mut self, pci: &[Region], agp: &[Region]) -> Result<()> {
        let (pci, agp) = (to_c(pci), to_c(agp));
        // SAFETY: the handle is open; the views live until it returns.
        check(unsafe { sys::lowmeg_bridge_bus_changed(self.handle, &view_of(&pci), &view_of(&agp)) })
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // SAFETY: open until here; ports that use it own it, and close first.
        unsafe { sys::lowmeg_bridge_close(self.handle) };
    }
}

/// Configuration ports CF8h and CFCh with a bridge at 00:00.0.
pub struct ConfigPorts {
    handle: *mut sys::lowmeg_ports,
    bridge: Bridge,
}

// SAFETY: as for Bridge.
unsafe impl Send for ConfigPorts {}

impl ConfigPorts {
    /// Takes the bridge over.
    pub fn new(bridge: Bridge) -> Result<ConfigPorts> {
        let mut handle = ptr::null_mut();
        // SAFETY: writes the handle.
        check(unsafe { sys::lowmeg_ports_create(0, &mut handle) })?;
        let ports = ConfigPorts { handle, bridge };
        // SAFETY: both are open.
        check(unsafe { sys::lowmeg_ports_attach(ports.handle, ports.bridge.handle) })?;
        Ok(ports)
    }

    /// The bridge behind them.
    pub fn bridge(&mut self) -> &mut Bridge {
        &mut self.bridge
    }

    /// The guest's read of 1, 2 or 4 bytes from a port in CF8h-CFFh.
    pub fn read(&mut self, port: u16, bytes: u32) -> Result<u32> {
        let mut value = 0;
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_ports_read(self.handle, port.into(), bytes, &mut value) })?;
        Ok(value)
    }

    /// The guest's write.
    pub fn write(&mut self, port: u16, bytes: u32, value: u32) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_ports_write(self.handle, port.into(), bytes, value) })
    }
}

impl Drop for ConfigPorts {
    fn drop(&mut self) {
        // SAFETY: open until here, and before the bridge is dropped.
        unsafe { sys::lowmeg_ports_close(self.handle) };
    }
}
