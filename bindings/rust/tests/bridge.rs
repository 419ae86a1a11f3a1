//! The wrappers against the library.
use lowmeg::*;
use std::sync::{Arc, Mutex};

fn ports_over(told: &Arc<Mutex<Vec<Vec<Change>>>>) -> ConfigPorts {
    let told = told.clone();
    let bridge = Bridge::over_changes(Identity::Hyperv, move |changes| {
        told.lock().unwrap().push(changes.to_vec());
        Ok(())
    });
    let mut ports = ConfigPorts::new(bridge.unwrap()).unwrap();
    ports.bridge().power_on().unwrap();
    ports
}

#[test]
fn tells_the_changes_of_a_write_in_one_call() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut ports = ports_over(&told);
    told.lock().unwrap().clear();
    ports.write(0xcf8, 4, 0x8000_005c).unwrap();
    ports.write(0xcfc, 4, 0x31).unwrap();
    let change = |start, now| Change { range: start..start + 0x4000, before: State::Mmio, now, forced: false };
    let expected = vec![change(0xd0000, State::WriteProtected), change(0xd4000, State::Writable)];
    assert_eq!(*told.lock().unwrap(), vec![expected]);
    assert_eq!(ports.bridge().pam_states().unwrap()[5], State::WriteProtected);
    assert_eq!(ports.read(0xcfc, 1).unwrap(), 0x31);
}

#[test]
fn hands_refusals_and_panics_up() {
    let mut calls = 0;
    let mut bridge = Bridge::over_changes(Identity::I440fx, move |_| {
        calls += 1;
        match calls {
            1 | 2 => Ok(()),
            3 => Err(9),
            _ => panic!("of the closure"),
        }
    })
    .unwrap();
    assert_eq!(bridge.write(0, 0x5c, 1, 0xf).unwrap_err().status, Status::WrongState);
    bridge.power_on().unwrap();
    let refused = bridge.write(0, 0x5c, 1, 0xf).unwrap_err();
    assert_eq!((refused.status, refused.line.as_str()), (Status::Refused, "the callback adjust returned 9"));
    assert_eq!(bridge.write(0, 0x5c, 2, 0xf).unwrap_err().status, Status::Refused);
    assert_eq!(bridge.read(0, 0x5c).unwrap(), 2);
}

#[test]
fn commits_maps_and_follows_the_buses() {
    let maps = Arc::new(Mutex::new(Vec::new()));
    let kept = maps.clone();
    let rom = Region { range: 0xe0000..0x100000, read: Route::Rom(0), write: Route::Bus, fetch: Route::Rom(0) };
    let mut bridge = Bridge::over_maps(Identity::I440bx, 64 << 20, &[rom.clone()], move |map: &Map| {
        kept.lock().unwrap().push(map.clone());
        Ok(())
    })
    .unwrap();
    bridge.power_on().unwrap();
    let at = |index: usize, gpa| {
        let maps = maps.lock().unwrap();
        maps[index].cpu.iter().find(|region| region.range.contains(&gpa)).unwrap().clone()
    };
    assert_eq!(at(0, 0xf0000u64), rom);
    bridge.write(0, 0x58, 0x1000, 0xf).unwrap();
    assert_eq!(at(1, 0xf0000).write, Route::Bus);
    assert!(matches!(at(1, 0xf0000).read, Route::Ram(_)));
    bridge.bus_changed(&[], &[]).unwrap();
    assert_eq!(at(2, 0xe0000).read, Route::Open);
    assert_eq!(Bridge::over_maps(Identity::Hyperv, 4096, &[], |_| Ok(())).err().unwrap().status, Status::NotSupported);
}

#[test]
fn speaks_get_without_io() {
    let options = HostOptions { ram_bytes: 64 << 20, base_slot: 0, one_at_a_time: true };
    let mut bridge = Bridge::over_host(Identity::Hyperv, &options).unwrap();
    assert_eq!(bridge.client().unwrap().state().unwrap(), ClientState::Opening);
    let version = bridge.client().unwrap().next_message().unwrap().unwrap();
    assert_eq!(version, [1, 2, 1, 0, 2, 0, 4, 0]);
    bridge.client().unwrap().take(&[1, 3, 1, 0, 1, 0]).unwrap();
    bridge.power_on().unwrap();
    // Whatever is asked is answered with success.
    let mut asked = 0;
    let mut drain = |bridge: &mut Bridge| {
        while let Some(request) = bridge.client().unwrap().next_message().unwrap() {
            let mut answer = vec![1, 3, request[2], 0];
            if request[2] == 28 {
                answer.extend([0; 4]);
            }
            bridge.client().unwrap().take(&answer).unwrap();
            asked += 1;
        }
    };
    drain(&mut bridge);
    bridge.write(0, 0x58, 0x3000, 0xf).unwrap();
    drain(&mut bridge);
    bridge.write(0, 0x58, 0x1000, 0xf).unwrap();
    assert_eq!(bridge.client().unwrap().state().unwrap(), ClientState::Asking);
    assert_eq!(bridge.write(0, 0x58, 0, 0xf).unwrap_err().status, Status::Busy);
    drain(&mut bridge);
    assert!(asked > 0);
    assert_eq!(bridge.client().unwrap().state().unwrap(), ClientState::Idle);
    bridge.write(0, 0x58, 0x3000, 0xf).unwrap(); // dropped while answers are awaited
}

#[test]
fn has_the_interface_it_was_written_for() {
    assert!(c_api_version() >= 1);
}
