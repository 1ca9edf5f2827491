//! The generated code is what the protocol files say.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use prost::Message;

fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Generates into `out`: one Rust file and the descriptors.
fn generate(out: &Path) {
    let proto = crate_folder().join("../../proto");
    let mut files: Vec<PathBuf> = fs::read_dir(proto.join("xueka/v1"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut compiler = protox::Compiler::new([&proto]).unwrap();
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(&files).unwrap();
    let descriptors = compiler.file_descriptor_set();
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec()).unwrap();
    tonic_prost_build::configure()
        .build_transport(true)
        .out_dir(out)
        .compile_fds(descriptors)
        .unwrap();
}

#[test]
fn generated_code_is_up_to_date() {
    let committed = crate_folder().join("src/generated");
    if env::var_os("UPDATE_GENERATED").is_some() {
        generate(&committed);
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    for name in ["xueka.v1.rs", "descriptors.bin"] {
        let same =
            fs::read(fresh.path().join(name)).unwrap() == fs::read(committed.join(name)).unwrap();
        assert!(
            same,
            "{name} differs from what proto/ says: run UPDATE_GENERATED=1 cargo test -p xueka-api"
        );
    }
}

#[test]
fn every_file_is_in_the_descriptors() {
    let set = prost_types::FileDescriptorSet::decode(xueka_api::FILE_DESCRIPTOR_SET).unwrap();
    let names = set.file.iter().map(|file| file.name().to_owned());
    let names = names.collect::<Vec<_>>();
    for entry in fs::read_dir(crate_folder().join("../../proto/xueka/v1")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = format!("xueka/v1/{file}");
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}
