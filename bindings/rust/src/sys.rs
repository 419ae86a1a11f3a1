//! The C interface, `lowmeg/lowmeg.h`, as far as the safe wrappers need it.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};

macro_rules! handles {
    ($($name:ident),*) => { $(#[repr(C)] pub struct $name { _opaque: [u8; 0] })* };
}
handles!(lowmeg_bridge, lowmeg_ports, lowmeg_adjuster, lowmeg_kvm, lowmeg_client, lowmeg_channel);

pub type event_fn = unsafe extern "C" fn(*mut c_void, u32, *const c_char, *const c_char);
pub type adjust_fn = unsafe extern "C" fn(*mut c_void, *const lowmeg_change, usize) -> i32;
pub type commit_fn = unsafe extern "C" fn(*mut c_void, *const lowmeg_map) -> i32;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lowmeg_change {
    pub start: u64,
    pub end: u64,
    pub before: u32,
    pub now: u32,
    pub forced: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lowmeg_route {
    pub target: u32,
    pub reserved: u32,
    pub offset: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lowmeg_region {
    pub start: u64,
    pub end: u64,
    pub read: lowmeg_route,
    pub write: lowmeg_route,
    pub fetch: lowmeg_route,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lowmeg_view {
    pub regions: *const lowmeg_region,
    pub count: usize,
}

#[repr(C)]
pub struct lowmeg_map {
    pub size: u32,
    pub reserved: u32,
    pub cpu: lowmeg_view,
    pub cpu_smm: lowmeg_view,
    pub bus_master: lowmeg_view,
}

#[repr(C)]
pub struct lowmeg_bridge_config {
    pub size: u32,
    pub identity: u32,
    pub agp_strapped_off: u32,
    pub reserved: u32,
    pub ram_bytes: u64,
    pub event: Option<event_fn>,
    pub event_context: *mut c_void,
    pub adjust: Option<adjust_fn>,
    pub adjuster: *mut lowmeg_adjuster,
    pub commit: Option<commit_fn>,
    pub kvm: *mut lowmeg_kvm,
    pub below_context: *mut c_void,
    pub pci: lowmeg_view,
    pub agp: lowmeg_view,
}

#[repr(C)]
pub struct lowmeg_client_config {
    pub size: u32,
    pub one_at_a_time: u32,
    pub channel: *mut lowmeg_channel,
    pub timeout_ms: u32,
    pub reserved: u32,
    pub event: Option<event_fn>,
    pub event_context: *mut c_void,
}

#[repr(C)]
pub struct lowmeg_adjuster_config {
    pub size: u32,
    pub base_slot: u32,
    pub ram_bytes: u64,
    pub client: *mut lowmeg_client,
    pub event: Option<event_fn>,
    pub event_context: *mut c_void,
}

extern "C" {
    pub fn lowmeg_c_api_version() -> u32;
    #[cfg(test)]
    pub fn lowmeg_status_name(status: i32) -> *const c_char;
    pub fn lowmeg_error_line() -> *const c_char;
    pub fn lowmeg_error_errno() -> i32;

    pub fn lowmeg_bridge_create(config: *const lowmeg_bridge_config, bridge: *mut *mut lowmeg_bridge) -> i32;
    pub fn lowmeg_bridge_close(bridge: *mut lowmeg_bridge) -> i32;
    pub fn lowmeg_bridge_power_on(bridge: *mut lowmeg_bridge) -> i32;
    pub fn lowmeg_bridge_reset(bridge: *mut lowmeg_bridge) -> i32;
    pub fn lowmeg_bridge_read(bridge: *mut lowmeg_bridge, device: u32, offset: u32, value: *mut u32) -> i32;
    pub fn lowmeg_bridge_write(bridge: *mut lowmeg_bridge, device: u32, offset: u32, value: u32, enables: u32) -> i32;
    pub fn lowmeg_bridge_pam_states(bridge: *mut lowmeg_bridge, states: *mut u32) -> i32;
    pub fn lowmeg_bridge_bus_changed(bridge: *mut lowmeg_bridge, pci: *const lowmeg_view, agp: *const lowmeg_view) -> i32;

    pub fn lowmeg_ports_create(address_cycles: u32, ports: *mut *mut lowmeg_ports) -> i32;
    pub fn lowmeg_ports_close(ports: *mut lowmeg_ports) -> i32;
    pub fn lowmeg_ports_attach(ports: *mut lowmeg_ports, bridge: *mut lowmeg_bridge) -> i32;
    pub fn lowmeg_ports_read(ports: *mut lowmeg_ports, port: u32, bytes: u32, value: *mut u32) -> i32;
    pub fn lowmeg_ports_write(ports: *mut lowmeg_ports, port: u32, bytes: u32, value: u32) -> i32;

    pub fn lowmeg_client_create(config: *const lowmeg_client_config, client: *mut *mut lowmeg_client) -> i32;
    pub fn lowmeg_client_close(client: *mut lowmeg_client) -> i32;
    pub fn lowmeg_client_state(client: *mut lowmeg_client, state: *mut u32) -> i32;
    pub fn lowmeg_client_next(client: *mut lowmeg_client, buffer: *mut u8, capacity: usize, size: *mut usize) -> i32;
    pub fn lowmeg_client_take(client: *mut lowmeg_client, message: *const u8, size: usize) -> i32;

    pub fn lowmeg_adjuster_create(config: *const lowmeg_adjuster_config, adjuster: *mut *mut lowmeg_adjuster) -> i32;
    pub fn lowmeg_adjuster_close(adjuster: *mut lowmeg_adjuster) -> i32;
}
