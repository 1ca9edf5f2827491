//! Layouts that anybody may have written, and the file names that they give.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_files::{
    FactoryLayout, Limits, MakingLayout, Marks, Menu, RollLayout, parse_making_file,
};

fuzz_target!(|text: &str| {
    let _ = toml::from_str::<RollLayout>(text);
    let _ = toml::from_str::<FactoryLayout>(text);
    // The columns that every layout needs, unless the input says them itself.
    let full =
        format!("{text}\ncolumns = [{{ field = \"student_number\" }}, {{ field = \"name\" }}]\n");
    for text in [text, &full] {
        let Ok(layout) = toml::from_str::<MakingLayout>(text) else {
            continue;
        };
        let written = toml::to_string(&layout).unwrap();
        assert_eq!(toml::from_str::<MakingLayout>(&written).unwrap(), layout);
        let marks = Marks {
            district: "0106".parse().ok(),
            school: "00123".parse().ok(),
            year: Some(2024),
            menu: Some(Menu::New),
            batch: Some(7),
            rows: Some(1),
        };
        if let Ok(name) = layout.file_name(&marks) {
            assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\t']));
            if let Some(read) = layout.marks_of_name(&name) {
                assert_eq!(read.differences(&marks), []);
            }
        }
        let _ = parse_making_file(b"1,a\r\n", &layout, &Limits::default());
    }
});
