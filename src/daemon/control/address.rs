//! Where a socket is that only its owner may use.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::{CONNECTIONS, NAME};

/// The longest path that is surely an address: systems have room for 104 to 108 bytes.
const LONGEST_ADDRESS: usize = 100;

/// Where the socket is.
pub(super) struct Address {
    pub(super) path: PathBuf,
    /// Where the path is too long for an address, it leads through this open folder, which is the
    /// state folder all the same.
    _folder: Option<OwnedFd>,
}

impl Address {
    /// In this state folder.
    pub(super) fn of(state: &Path) -> io::Result<Self> {
        let path = state.join(NAME);
        if path.as_os_str().len() <= LONGEST_ADDRESS {
            return Ok(Self {
                path,
                _folder: None,
            });
        }
        if !cfg!(target_os = "linux") {
            return Err(io::Error::new(
                io::ErrorKind::InvalidFilename,
                "the path of the state folder is too long for a socket: expected at most 87 bytes",
            ));
        }
        let folder = rustix::fs::open(state, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self {
            path: format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()).into(),
            _folder: Some(folder),
        })
    }

    /// Listens there, in place of whatever a daemon left that did not end well.
    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        listen_for_owner(&self.path)
    }
}

/// Listens at `path`, where nothing is, for this user alone.
pub(in crate::daemon) fn listen_for_owner(path: &Path) -> io::Result<UnixListener> {
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::empty(),
        None,
    )?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    // On Linux the file is made with the mode that the socket has: at no time is it open to others.
    // Elsewhere the state folder has to be closed to them.
    let _ = rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR);
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    rustix::net::listen(&socket, i32::try_from(CONNECTIONS).unwrap_or(1))?;
    let listener = UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(listener)
}
