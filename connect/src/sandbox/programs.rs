//! Where a program has what it needs to run: its own package, and what interprets it.

use std::io::Read;
use std::path::{Path, PathBuf};

/// How much of a file is read to see what interprets it.
const FIRST_LINE_MAX: u64 = 300;

/// The file of the program called `name` in `dir`, and what it needs that is not part of the system. `None`: there is no such
/// program.
pub fn program(name: &str, dir: &Path) -> Option<(PathBuf, Vec<PathBuf>)> {
    let (file, mut needs) = with_package(found(name, dir)?);
    if let Some(interpreter) = interpreter(&file).and_then(|name| found(&name, dir)) {
        needs.extend(with_package(interpreter).1);
    }
    needs.retain(|path| !path.starts_with("/usr") && !path.starts_with("/bin"));
    Some((file, needs))
}

/// The file called `name`: on our PATH, or in `dir` where the name has a folder.
pub fn found(name: &str, dir: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(dir.join(name)).filter(|file| file.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The file to run, and the whole of the package that it belongs to: the outermost `node_modules`, a Python environment, or
/// else nothing but the file.
fn with_package(file: PathBuf) -> (PathBuf, Vec<PathBuf>) {
    let real = file.canonicalize().unwrap_or_else(|_| file.clone());
    let modules = real.ancestors().filter(|it| it.file_name().is_some_and(|name| name == "node_modules")).last();
    if let Some(modules) = modules {
        // It looks for the rest of itself from where it really is.
        return (real.clone(), vec![modules.to_owned()]);
    }
    let library = library(&real).into_iter().flatten();
    // The Python of an environment leads out of it, and a link to one of its scripts leads into it.
    for file in [&file, &real] {
        if let Some(environment) = file.ancestors().find(|it| it.join("pyvenv.cfg").is_file()) {
            return (file.clone(), [environment.to_owned()].into_iter().chain(library).collect());
        }
    }
    let needs = [file.clone(), real].into_iter().chain(library).collect();
    (file, needs)
}

/// Where a Python that is not the system's has its programs and its modules; one that somebody built, or that a manager of
/// versions put into a home.
fn library(python: &Path) -> Option<[PathBuf; 2]> {
    let name = python.file_name()?.to_str()?;
    let bin = python.parent().filter(|it| name.starts_with("python") && it.ends_with("bin"))?;
    let lib = bin.parent()?.join("lib");
    lib.join(name).is_dir().then(|| [bin.to_owned(), lib])
}

/// What the first line of a script says that it is run with.
fn interpreter(file: &Path) -> Option<String> {
    let mut start = String::new();
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(FIRST_LINE_MAX).read_to_end(&mut bytes).ok()?;
    start.push_str(&String::from_utf8_lossy(&bytes));
    let mut words = start.lines().next()?.strip_prefix("#!")?.split_whitespace();
    let first = words.next()?;
    if first.ends_with("/env") {
        words.find(|word| !word.starts_with('-')).map(str::to_owned)
    } else {
        Some(first.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_a_package_needs_the_package_and_what_interprets_it() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().canonicalize().expect("it is there");
        let package = root.join("node_modules/agent/dist");
        std::fs::create_dir_all(&package).expect("folders can be made");
        let script = package.join("cli.js");
        std::fs::write(&script, "#!/usr/bin/env -S sh -e\n").expect("a file can be written");
        let bin = root.join("bin");
        std::fs::create_dir_all(&bin).expect("folders can be made");
        std::os::unix::fs::symlink(&script, bin.join("agent")).expect("a link can be made");
        let (file, folders) = program("bin/agent", &root).expect("it is there");
        assert_eq!(file, script);
        assert_eq!(folders, [root.join("node_modules")]);
        assert_eq!(interpreter(&script).as_deref(), Some("sh"));
        let alone = root.join("alone.sh");
        std::fs::write(&alone, "echo\n").expect("a file can be written");
        assert_eq!(program("./alone.sh", &root).map(|it| it.1), Some(vec![root.join("./alone.sh"), alone]));
        assert_eq!(program("nobody-has-this", &root), None);
    }

    #[test]
    fn a_script_of_a_python_environment_needs_that_and_the_python_it_was_made_with() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().canonicalize().expect("it is there");
        for folder in ["python/bin", "python/lib/python3.99", "env/bin"] {
            std::fs::create_dir_all(root.join(folder)).expect("folders can be made");
        }
        std::fs::write(root.join("python/bin/python3.99"), "").expect("a file can be written");
        std::fs::write(root.join("env/pyvenv.cfg"), "home = elsewhere\n").expect("a file can be written");
        let python = root.join("env/bin/python3");
        std::os::unix::fs::symlink(root.join("python/bin/python3.99"), &python).expect("a link can be made");
        let script = root.join("env/bin/agent");
        std::fs::write(&script, format!("#!{}\n", python.display())).expect("a file can be written");
        std::os::unix::fs::symlink(&script, root.join("agent")).expect("a link can be made");
        for name in ["env/bin/agent", "./agent"] {
            let (file, mut folders) = program(name, &root).expect("it is there");
            assert_eq!(file, script);
            folders.dedup();
            assert_eq!(folders, [root.join("env"), root.join("python/bin"), root.join("python/lib")]);
        }
    }
}
