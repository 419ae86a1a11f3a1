//! Says where liblowmeg is: what pkg-config knows, or the folder in LOWMEG_LIB_DIR.
use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-env-changed=LOWMEG_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    let folder = env::var("LOWMEG_LIB_DIR").ok().or_else(|| {
        let output = Command::new("pkg-config").args(["--variable=libdir", "lowmeg"]).output().ok()?;
        String::from_utf8(output.stdout).ok().map(|path| path.trim().to_owned())
    });
    if let Some(folder) = folder.filter(|folder| !folder.is_empty()) {
        println!("cargo:rustc-link-search=native={}", folder);
    }
    println!("cargo:rustc-link-lib=dylib=lowmeg");
}
