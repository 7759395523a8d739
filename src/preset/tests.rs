//! Tests of the whole way from text to preset.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::limits::LIMITS;
use super::*;

/// The error of a preset text with overrides.
fn error(text: &str, sets: &[&str]) -> String {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    load_text("a.toml", text, &sets).expect_err("the preset is wrong").to_string()
}

/// The error of one override of the defaults.
fn set_error(set: &str) -> String {
    error("", &[set])
}

fn presets_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("presets")
}

#[test]
fn an_empty_file_is_the_reference() {
    assert_eq!(load_text("a.toml", "", &[]).unwrap().preset, Preset::default());
    assert_eq!(load("reference", &[]).unwrap().preset, Preset::default());
}

#[test]
fn every_file_in_presets_loads_and_is_built_in() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(presets_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let (file, built_in) = (load(path.to_str().unwrap(), &[]).unwrap(), load(&name, &[]).unwrap());
            assert_eq!(file.preset, built_in.preset, "{name}");
            assert!(file.warnings.is_empty(), "{name}: {:?}", file.warnings);
            assert!(!file.preset.description.is_empty());
            names.push(name);
        }
    }
    assert_eq!(names.len(), BUILT_IN.len(), "{names:?}");
}

#[test]
fn the_schema_in_the_folder_is_that_of_the_types() {
    let path = presets_dir().join("preset.schema.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, schema_text()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == schema_text(), "write it anew: handloom preset schema > presets/preset.schema.json");
}

#[test]
fn the_schema_says_meaning_range_and_default_of_every_key() {
    let schema = schema();
    let distance = &schema["$defs"]["Camera"]["properties"]["distance_m"];
    assert_eq!(
        distance["description"],
        "From the camera to the middle of the hands, metres. Legal: 0.05 to 20 (metres). Default: `{ normal = [0.55, 0.1], clamp = [0.4, 1.2] }`."
    );
    assert_eq!(schema["$defs"]["Camera"]["properties"]["width_px"]["maximum"], 8192.0);
    assert_eq!(schema["required"], serde_json::Value::Null);
    assert_eq!(schema["$defs"]["Split"]["required"].as_array().unwrap().len(), 4);
}

#[test]
fn every_number_has_limits() {
    let free = [
        "seed",
        "split.subjects",
        "split.actions",
        "hands.arrangement",
        "objects.material",
        "sensor.grey_weights",
        "sequence.camera",
    ];
    let table = Preset::default().to_table();
    let keys: Vec<String> = fold::leaves(&table)
        .into_iter()
        .filter(|(_, value)| value.to_string().contains(|c: char| c.is_ascii_digit()))
        .map(|(key, _)| key.replace(".0.", "."))
        .collect();
    let limited: Vec<&str> = LIMITS.iter().map(|limit| limit.key).collect();
    let wanted: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !free.contains(key)).collect();
    assert_eq!(limited, wanted);
}

#[test]
fn later_layers_win_and_replace_values_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let parent =
        "seed = 1\n[camera]\ndistance_m = { normal = [0.5, 0.1], clamp = [0.3, 0.7] }\nwidth_px = 100\nheight_px = 110";
    std::fs::write(path("parent.toml"), parent).unwrap();
    let child = "extends = \"parent.toml\"\n[camera]\ndistance_m = { uniform = [0.4, 0.5] }\nwidth_px = 200";
    std::fs::write(path("child.toml"), child).unwrap();
    let loaded = load(&path("child.toml"), &["camera.width_px=300".to_owned()]).unwrap();
    let camera = &loaded.preset.camera;
    assert_eq!(camera.distance_m, Distribution::Uniform { uniform: [0.4, 0.5] });
    assert_eq!((loaded.preset.seed, camera.width_px, camera.height_px), (1, 300, 110));
    let origin = |key: &str| loaded.origins[key].clone();
    assert_eq!(origin("seed"), Origin::File(path("parent.toml")));
    assert_eq!(origin("camera.distance_m"), Origin::File(path("child.toml")));
    assert_eq!(origin("camera.width_px"), Origin::CommandLine);
    assert_eq!(origin("camera.height_px"), Origin::File(path("parent.toml")));
    assert_eq!(origin("camera.roll_deg"), Origin::Default);

    std::fs::write(path("of_built_in.toml"), "extends = \"rhd\"\nseed = 4").unwrap();
    let loaded = load(&path("of_built_in.toml"), &[]).unwrap();
    assert_eq!((loaded.preset.seed, loaded.preset.split[1].count), (4, 2728));
    assert_eq!(loaded.origins["split.1.count"], Origin::File("rhd".to_owned()));

    std::fs::write(path("grandchild.toml"), "extends = \"child.toml\"").unwrap();
    let said = load(&path("grandchild.toml"), &[]).unwrap_err().to_string();
    assert!(said.contains("itself extends `parent.toml`, and only one level is allowed"), "{said}");
}

#[test]
fn splits_are_replaced_as_a_list() {
    let text = "[[split]]\nname = \"a\"\ncount = 1\nsubjects = [0, 1]\nactions = [0, 1]\n";
    let text = format!("{text}{}", text.replace("\"a\"", "\"b\"").replace("[0, 1]\nactions", "[1, 2]\nactions"));
    let loaded = load_text("a.toml", &text, &["split.1.count=5".to_owned()]).unwrap();
    assert_eq!(loaded.preset.split.iter().map(|s| s.count).collect::<Vec<_>>(), [1, 5]);
    assert_eq!(loaded.origins["split.1.count"], Origin::CommandLine);
    assert_eq!(loaded.origins["split.1.name"], Origin::File("a.toml".to_owned()));
    assert!(error(&text, &["split.2.count=5"]).starts_with("command line: `split.2.count`: is an unknown key"));
}

#[test]
fn persons_in_two_splits_are_a_warning() {
    let split =
        |name, from| format!("[[split]]\nname = \"{name}\"\ncount = 1\nsubjects = [{from}, 9]\nactions = [0, 1]\n");
    let loaded = load_text("a.toml", &(split("train", 0) + &split("test", 6)), &[]).unwrap();
    let said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["a.toml: `split.1.subjects`: persons 6 to 8 are also in split \"train\"\n\n\
          hint: give each split its own persons, so that it tests on strangers"]
    );
}

#[test]
fn all_faults_are_told_at_once_with_their_places() {
    let text = "colour = 1\n[camera]\ndistnce_m = 1\ndistance_m = { uniform = [0.6, 0.25] }\nfocal_px = \"300 px\"\n\
                [skin]\nroughness = { uniform = [0.2, 1.5] }\n[film]\ncurve = \"filmick\"\n";
    let said = error(text, &["sensor.jpeg_loss_percent=100"]);
    let (head, faults) = said.split_once("\n\n").unwrap();
    assert_eq!(head, "7 faults in the preset");
    assert_eq!(
        faults,
        "a.toml: `colour`: is an unknown key\n\n\
         hint: legal here: `format_version`, `description`, `seed`, `rig`, `output`, `split`, `hands`, `shape`, \
         `pose`, `objects`, `occluders`, `skin`, `wear`, `camera`, `light`, `environment`, \
         `background`, `film`, `sensor`, `depth_sensor`, `sequence`\n\n\
         a.toml: `camera.distnce_m`: is an unknown key\n\n\
         hint: did you mean `distance_m`? legal here: `width_px`, `height_px`, `focal_px`, `principal_offset_px`, `lens`, \
         `distance_m`, `azimuth_deg`, `elevation_deg`, `roll_deg`, `off_centre`, `min_in_frame`\n\n\
         a.toml: `skin.roughness.uniform`: 1.5 is outside 0.01 to 1\n\n\
         a.toml: `camera.focal_px`: invalid type: string \"300 px\", expected a number or a distribution such as \
         `{ uniform = [low, high] }`\n\n\
         hint: write pixels as a plain number from 1 to 100000, without quotes or unit\n\n\
         a.toml: `camera.distance_m.uniform`: low 0.6 is above high 0.25\n\n\
         hint: write the smaller number first\n\n\
         a.toml: `film.curve`: unknown variant `filmick`, expected `filmic` or `clip`\n\n\
         hint: did you mean \"filmic\"?\n\n\
         command line: `sensor.jpeg_loss_percent`: 100 is outside 0 to 99 (percent)"
    );
}

#[test]
fn each_kind_of_fault_has_its_message() {
    let cases = [
        ("camera.distance_m=-0.3", "`camera.distance_m`: -0.3 is outside 0.05 to 20"),
        ("camera.distance_m=nan", "`camera.distance_m`: NaN is no finite number"),
        ("camera.distance_m={ uniform = [0.2, inf] }", "`camera.distance_m.uniform`: inf is no finite number"),
        ("camera.distance_m=0.3 m", "`camera.distance_m`: invalid type: string \"0.3 m\""),
        ("camera.distance_m={ normal = [0.5, 0.1] }", "`normal` needs `clamp = [low, high]` beside it"),
        ("camera.distance_m={ uniform = [1, 2], choice = [1] }", "a distribution names one of"),
        ("camera.distance_m={ unifrm = [1, 2] }", "unknown field `unifrm`"),
        ("camera.distance_m.uniform=[1, 2]", "lies inside the value of `camera.distance_m`"),
        (
            "camera.roll_deg={ normal = [5, 1], clamp = [-3, 2] }",
            "`camera.roll_deg.clamp`: -3 to 2 leaves out the mean 5",
        ),
        ("camera.roll_deg={ normal = [0, -1], clamp = [-3, 2] }", "`camera.roll_deg.normal`: standard deviation -1 is"),
        ("light.intensity={ log_uniform = [0, 2] }", "`light.intensity.log_uniform`: low 0 has no logarithm"),
        ("hands.count=3", "`hands.count`: 3 is outside 1 to 2"),
        ("hands.count={ choice = [1, 2], weights = [1] }", "`hands.count.weights`: 1 weights for 2 values"),
        ("hands.count={ choice = [1, 2], weights = [1, -1] }", "`hands.count.weights`: -1 is no weight"),
        ("hands.count={ choice = [1, 2], weights = [0, 0] }", "`hands.count.weights`: are all 0"),
        ("hands.side={ choice = [] }", "`hands.side.choice`: is empty"),
        ("hands.side={ choice = [\"left\", \"left\"] }", "`hands.side.choice`: names \"left\" twice"),
        ("objects.kind={ choice = [\"can\", \"botle\"] }", "did you mean \"bottle\"?"),
        ("objects.held=lots", "string \"lots\", expected a number"),
        ("hands.side=lefft", "did you mean \"left\"?"),
        ("hands=3", "`hands`: 3 is no section"),
        ("format_version=2", "`format_version`: 2 is outside 1 to 1"),
        ("seed=-1", "`seed`: invalid value: integer `-1`, expected a whole number of 0 or more"),
        ("split=[]", "`split`: is empty"),
        ("split=[1]", "`split`: "),
        ("split=[{ name = \"a\" }]", "`split.0.subjects`: is missing"),
        ("split.0.count=0", "`split.0.count`: 0 is outside 1 to 1000000000"),
        ("split.0.name=a/b", "`split.0.name`: \"a/b\" is no name"),
        ("split.0.subjects=[4, 4]", "`split.0.subjects`: [4, 4] holds nothing"),
        ("camera.width_px=8", "`camera.width_px`: 8 is outside 16 to 8192"),
        ("background.pictures=0.5", "`background.pictures`: 0.5 of the pictures need a folder"),
        ("pose={ gestures = 0, grasps = 0, synergies = 0, coupled = 0, near_limit = 0 }", "`pose`: all shares are 0"),
        ("sensor.grey_weights=[1, 1, 1]", "`sensor.grey_weights`: [1.0, 1.0, 1.0] do not add to 1"),
        ("camera.focal_px=9000", "of it never fit"),
        ("output.depth_unit_m=0.000001", "`output.depth_unit_m`: 0.000001 reaches 0.066 m in 16 bits"),
        ("camera", "`camera`: an override is KEY=VALUE"),
        ("seed={", "`seed={`: an override is KEY=VALUE"),
    ];
    for (set, message) in cases {
        let said = set_error(set);
        assert!(said.contains(message), "--set {set} said:\n{said}");
    }
}

#[test]
fn no_value_of_any_key_is_too_strange_to_answer() {
    let strange = [
        "true",
        "x",
        "''",
        "1979-05-27",
        "[]",
        "[1, 2, 3]",
        "[{}]",
        "[[]]",
        "{}",
        "nan",
        "-inf",
        "1e300",
        "-1",
        "9223372036854775807",
        "{ uniform = [1, 0] }",
        "{ uniform = [1] }",
        "{ normal = [nan, 1], clamp = [0, 1] }",
        "{ choice = [{}] }",
        "{ choice = [], weights = [] }",
        "{ choice = [1], weights = ['a'] }",
        "{ weights = [1] }",
    ];
    for row in load("reference", &[]).unwrap().explain() {
        for value in strange {
            let Ok(loaded) = load_text("a.toml", "", &[format!("{}={value}", row.key)]) else { continue };
            let again = load_text("again.toml", &loaded.preset.to_toml(), &[]).unwrap();
            assert_eq!(again.preset, loaded.preset, "{} = {value}", row.key);
        }
    }
}

#[test]
fn names_and_files_that_are_not_there_are_named() {
    assert_eq!(
        load("quickstrt", &[]).unwrap_err().to_string(),
        "no built-in preset is named `quickstrt`; there are `quickstart`, `rhd`, `sequence`, `jgr`, `reference`\n\n\
         hint: did you mean `quickstart`? A file is named with its ending, as in `quickstrt.toml`"
    );
    let said = load("nowhere/a.toml", &[]).unwrap_err();
    assert_eq!(said.to_string(), "nowhere/a.toml: cannot read the preset");
    assert!(std::error::Error::source(&said).is_some());
    assert_eq!(error("a = [", &[]), "a.toml: not a TOML file");
}

#[test]
fn a_resolved_preset_loads_to_itself() {
    for (name, _) in BUILT_IN {
        let sets =
            ["camera.lens={ kannala_brandt4 = { k = [0.1, 0, 0, 0] } }", "output.format=\"loose\""].map(str::to_owned);
        let loaded = load(name, &sets).unwrap();
        let again = load_text("again.toml", &loaded.preset.to_toml(), &[]).unwrap();
        assert_eq!(again.preset, loaded.preset, "{name}");
        assert_eq!(again.hash, loaded.hash);
    }
}

#[test]
fn the_hash_is_of_what_is_said_and_not_of_how() {
    let hash = |text: &str| load_text("a.toml", text, &[]).unwrap().hash;
    assert_eq!(hash(""), hash("# a word\nseed = 0\ncamera = { width_px = 3_2_0 }"));
    assert_ne!(hash(""), hash("seed = 1"));
}

#[test]
fn an_explanation_holds_every_key_in_the_order_of_the_reference() {
    let keys = load("rhd", &[]).unwrap().explain();
    assert_eq!(keys[0].key, "format_version");
    let focal = keys.iter().find(|row| row.key == "camera.focal_px").unwrap();
    assert_eq!((focal.value.as_str(), focal.origin.to_string().as_str()), ("{ uniform = [263.0, 306.0] }", "rhd"));
    assert_eq!(keys.last().unwrap().key, "sequence.mapping");
}

proptest! {
    #[test]
    fn a_total_is_shared_in_proportion(counts in prop::collection::vec(1_u64..100_000, 1..6), extra in 0_u64..1_000_000) {
        let mut loaded = load("quickstart", &[]).unwrap();
        let split = loaded.preset.split[0].clone();
        loaded.preset.split = counts.iter().map(|count| types::Split { count: *count, ..split.clone() }).collect();
        let total = counts.len() as u64 + extra;
        loaded.set_total_count(total).unwrap();
        let sum: u64 = counts.iter().sum();
        prop_assert_eq!(loaded.preset.split.iter().map(|s| s.count).sum::<u64>(), total);
        for (now, before) in loaded.preset.split.iter().zip(&counts) {
            let exact = *before as f64 * total as f64 / sum as f64;
            prop_assert!(now.count >= 1);
            // splits raised to 1 take from the others, less than one sample each
            prop_assert!((now.count as f64 - exact).abs() <= counts.len() as f64, "{} {exact}", now.count);
        }
        prop_assert!(loaded.set_total_count(counts.len() as u64 - 1).is_err());
    }
}
