//! The GET client beneath a bridge: messages out, answers in.
use crate::error::{check, Result};
use crate::sys;
use std::ptr;

/// What a GET-backed bridge needs to know.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The first RAM block, from 0: at least 2 MiB, below 4 GiB, whole pages.
    pub ram_bytes: u64,
    /// The host's first slot to use, of 13.
    pub base_slot: u32,
    /// No batches even where the host offers them.
    pub one_at_a_time: bool,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// The version is being agreed on.
    Opening,
    /// Nothing is awaited.
    Idle,
    /// Answers are awaited: the guest must not go on with its config write.
    Asking,
    /// Given up.
    Closed,
}

/// The guest's side of a GET connection.
pub struct Client {
    handle: *mut sys::lowmeg_client,
}

impl Client {
    fn new(options: &HostOptions) -> Result<Client> {
        let config = sys::lowmeg_client_config {
            size: std::mem::size_of::<sys::lowmeg_client_config>() as u32,
            one_at_a_time: options.one_at_a_time.into(),
            channel: ptr::null_mut(),
            timeout_ms: 0,
            reserved: 0,
            event: None,
            event_context: ptr::null_mut(),
        };
        let mut handle = ptr::null_mut();
        // SAFETY: the configuration is complete.
        check(unsafe { sys::lowmeg_client_create(&config, &mut handle) })?;
        Ok(Client { handle })
    }

    /// Where the connection stands.
    pub fn state(&mut self) -> Result<ClientState> {
        let mut state = 0;
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_client_state(self.handle, &mut state) })?;
        Ok([ClientState::Opening, ClientState::Idle, ClientState::Asking, ClientState::Closed][state as usize & 3])
    }

    /// The next message to send, if there is one.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>> {
        let mut buffer = vec![0; 12288];
        let mut size = 0;
        // SAFETY: the handle is open; no more than the buffer's length is written.
        check(unsafe { sys::lowmeg_client_next(self.handle, buffer.as_mut_ptr(), buffer.len(), &mut size) })?;
        buffer.truncate(size);
        Ok(Some(buffer).filter(|message| !message.is_empty()))
    }

    /// A message of the host's. An error ends the connection.
    pub fn take(&mut self, message: &[u8]) -> Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { sys::lowmeg_client_take(self.handle, message.as_ptr(), message.len()) })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: open until here; an adjuster that uses it owns it, and closes first.
        unsafe { sys::lowmeg_client_close(self.handle) };
    }
}

/// An adjuster with its client.
pub(crate) struct OwnAdjuster {
    handle: *mut sys::lowmeg_adjuster,
    client: Client,
}

impl OwnAdjuster {
    pub(crate) fn new(options: &HostOptions) -> Result<OwnAdjuster> {
        let client = Client::new(options)?;
        let config = sys::lowmeg_adjuster_config {
            size: std::mem::size_of::<sys::lowmeg_adjuster_config>() as u32,
            base_slot: options.base_slot,
            ram_bytes: options.ram_bytes,
            client: client.handle,
            event: None,
            event_context: ptr::null_mut(),
        };
        let mut handle = ptr::null_mut();
        // SAFETY: the configuration is complete.
        check(unsafe { sys::lowmeg_adjuster_create(&config, &mut handle) })?;
        Ok(OwnAdjuster { handle, client })
    }

    pub(crate) fn handle(&self) -> *mut sys::lowmeg_adjuster {
        self.handle
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for OwnAdjuster {
    fn drop(&mut self) {
        // SAFETY: open until here. One that awaits answers cannot be closed before its client gives up.
        unsafe {
            if sys::lowmeg_adjuster_close(self.handle) != 0 {
                sys::lowmeg_client_take(self.client.handle, [0u8; 1].as_ptr(), 1);
                sys::lowmeg_adjuster_close(self.handle);
            }
        }
    }
}
