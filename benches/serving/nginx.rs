//! nginx, set up for files that don't change.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use rustix::process::geteuid;

use crate::server::{self, Cores, Launch, Server};

/// nginx with `root` as its files, and what it needs besides in `folder`.
pub(crate) fn start(folder: &Path, root: &Path) -> Result<Server> {
    fs::create_dir_all(folder)?;
    let (address, http2) = (server::free_address()?, server::free_address()?);
    let config = folder.join("nginx.conf");
    fs::write(&config, nginx_config(folder, root, address, http2))?;
    let mut command = server::on(Cores::One, "nginx".as_ref());
    command
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(&config)
        .args(["-e", "stderr"]);
    let mut server = Server::start(Launch {
        name: "nginx",
        command,
        address,
        path: "/rss.xml",
        log: &folder.join("nginx.log"),
    })?;
    server.http2 = Some(http2);
    Ok(server)
}

/// nginx as fast as it can be made for files that don't change: nothing is logged, files stay open, what
/// is compressed lies beside them, and a connection is accepted with its first request.
fn nginx_config(folder: &Path, root: &Path, address: SocketAddr, http2: SocketAddr) -> String {
    let folder = folder.display();
    let root = root.display();
    let mut config = String::new();
    if geteuid().is_root() {
        // Else the worker would become a user who may not read the files.
        config.push_str("user root;\n");
    }
    let _ = write!(
        config,
        r#"daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid "{folder}/nginx.pid";
events {{
    worker_connections 4096;
}}
http {{
    types {{
        application/rss+xml xml;
    }}
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=1h;
    open_file_cache_valid 1h;
    gzip_static on;
    etag on;
    root "{root}";
    server {{
        listen {address} deferred backlog=4096;
    }}
    server {{
        listen {http2} http2 deferred backlog=4096;
    }}
}}
"#
    );
    config
}
