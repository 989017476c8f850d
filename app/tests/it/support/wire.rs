//! A wire between the program and its database, to be cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes on what each side says, until it is cut.
pub struct Wire {
    address: SocketAddr,
    /// `None` once it is cut.
    through: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Wire {
    /// A wire to the server at `to`.
    pub fn to(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let through = Arc::new(Mutex::new(Some(Vec::new())));
        let passing = Arc::clone(&through);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // After the cut a caller is let in and turned away at once.
                if let Some(open) = passing.lock().expect("no panic").as_mut() {
                    let far = TcpStream::connect(&to).expect("the server is there");
                    pass(&near, &far);
                    pass(&far, &near);
                    open.extend([near, far]);
                }
            }
        });
        Self { address, through }
    }

    /// Where the program finds it.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it for good.
    pub fn cut(&self) {
        let open = self.through.lock().expect("no panic").take().unwrap_or_default();
        open.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
    std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
