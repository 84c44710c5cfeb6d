//! The configuration: YAML, unknown keys and wrong types named with line and column.

mod values;

use super::files::{open_regular, shown, why};
use crate::domain::{Act, Ages, Changed, Fault, Kind, Text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// What the terminal says it can.
    #[default]
    Auto,
    /// 16 colours.
    Sixteen,
    /// 256 colours.
    TwoFiftySix,
    /// 24 bits.
    True,
    /// None.
    Never,
}

/// A context: a place of a catalog with settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Context {
    /// The catalog file.
    pub catalog: Option<PathBuf>,
    /// Read-only unless told otherwise.
    pub read_only: bool,
    /// Marked as production: the header shows it in the theme's colour for it.
    pub production: bool,
}

/// The configuration with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The theme's name.
    pub theme: String,
    /// Colour.
    pub color: Color,
    /// Only ASCII.
    pub ascii: bool,
    /// Mouse on from the start.
    pub mouse: bool,
    /// Minutes without a key until the console locks; 0: never.
    pub idle_minutes: u32,
    /// Read-only unless told otherwise.
    pub read_only: bool,
    /// Ages that make answers stale.
    #[serde(deserialize_with = "values::ages")]
    pub ages: Ages,
    /// The context taken without `--context`.
    pub context: Option<String>,
    /// Contexts by name.
    #[serde(deserialize_with = "values::unique")]
    pub contexts: BTreeMap<String, Context>,
    /// Rebound keys: action name to keys.
    #[serde(deserialize_with = "values::keys")]
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: "default".into(),
            color: Color::Auto,
            ascii: false,
            mouse: false,
            idle_minutes: 10,
            read_only: false,
            ages: Ages::default(),
            context: None,
            contexts: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }
}

/// The largest configuration, in bytes.
const LARGEST: u64 = 64 * 1024;

impl Config {
    /// Loads the file; a file that is not there is the default.
    ///
    /// # Errors
    /// `Kind::Usage` naming file, line, column, the unknown key or the wrong type, and what would be right.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        let unused = |cause: String| {
            let next =
                Act::say("correct it there (the example with every key: kastellan doctor names its place), or name another with --config");
            Fault::new(Kind::Usage, format!("config {} not used", shown(path)), cause, next).leaving(Changed::Nothing)
        };
        let mut text = String::new();
        match open_regular(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text)) {
            Ok(_) if text.len() as u64 > LARGEST => Err(unused(format!("it is longer than {LARGEST} bytes"))),
            Ok(_) => parse(&text).map_err(unused),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(unused("it is not UTF-8 text".into())),
            Err(error) => Err(unused(why(&error))),
        }
    }

    /// The context of that name.
    ///
    /// # Errors
    /// `Kind::NotFound` naming the contexts there are.
    pub fn context(&self, name: &Text) -> Result<&Context, Fault> {
        self.contexts.get(name.raw()).ok_or_else(|| {
            let names: Vec<_> = self.contexts.keys().map(|name| Text::new(name).fit(40)).collect();
            let there = if names.is_empty() { "the config names none".into() } else { format!("there are: {}", names.join(", ")) };
            let next = if names.is_empty() {
                "leave --context out, or add it to the config"
            } else {
                "name one of those, or add it to the config"
            };
            Fault::new(Kind::NotFound, format!("no context {name}"), there, Act::say(format!("{next}; --catalog names the file itself")))
        })
    }
}

/// A commented example of every key with its default.
#[must_use]
pub fn example() -> &'static str {
    include_str!("config/example.yaml")
}

/// The reason begins with line and column where they are known.
fn parse(text: &str) -> Result<Config, String> {
    // A file of nothing but comments is no mapping, and means the defaults.
    let parsed: Result<Option<Config>, _> = serde_yaml::from_str(text);
    let config = parsed.map(Option::unwrap_or_default).map_err(|error| {
        let said = error.to_string();
        match error.location() {
            Some(at) => {
                let plain = said.replace(&format!(" at line {} column {}", at.line(), at.column()), "");
                format!("line {}, column {}: {plain}", at.line(), at.column())
            }
            None => said,
        }
    })?;
    if let Some(name) = config.context.as_ref().filter(|name| !config.contexts.contains_key(*name)) {
        return Err(format!("context: {} is not among contexts", Text::new(name).fit(60)));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn the_example_names_every_key_with_its_default() {
        assert_eq!(parse(example()).unwrap(), Config::default(), "as it is");
        // A line "#key" is a setting, a line "# words" is prose.
        let uncommented: String = example()
            .lines()
            .filter(|line| !line.starts_with("# "))
            .map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n")
            .collect();
        assert_eq!(parse(&uncommented).unwrap(), Config::default(), "{uncommented}");
        let keys: serde_yaml::Mapping = serde_yaml::from_str(&uncommented).unwrap();
        assert_eq!(keys.len(), 10, "one for each field: {keys:?}");
    }

    #[test]
    fn every_key_is_read() {
        let text = "theme: mono\ncolor: 256\nascii: true\nmouse: true\nidleMinutes: 0\nreadOnly: true\nages: {check: 12h, typed: 2w}\n\
                    context: p\ncontexts: {p: {catalog: /c.db, readOnly: true, production: true}}\nkeys: {lock: [ctrl-x, f12], quit: q}\n";
        let config = parse(text).unwrap();
        let context = Context { catalog: Some("/c.db".into()), read_only: true, production: true };
        assert_eq!(config.context(&"p".into()).unwrap(), &context);
        assert_eq!(config.ages, Ages { check: 43_200, typed: 1_209_600, archive: 86_400, kit: 15_552_000, drill: 7_776_000 });
        assert_eq!((config.color, config.idle_minutes, config.theme.as_str()), (Color::TwoFiftySix, 0, "mono"));
        assert!(config.ascii && config.mouse && config.read_only);
        assert_eq!(config.keys["lock"], ["ctrl-x", "f12"]);
        assert_eq!(config.keys["quit"], ["q"]);
        for (word, color) in [("16", Color::Sixteen), ("true", Color::True), ("never", Color::Never), ("auto", Color::Auto)] {
            assert_eq!(parse(&format!("color: {word}")).unwrap().color, color);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, words) in [
            ("theme: a\nthene: b\n", &["line 2, column 1", "`thene`", "`theme`"][..]),
            ("idleMinutes: soon\n", &["line 1, column 14", "idleMinutes", "soon"]),
            ("idleMinutes: -1\n", &["line 1", "idleMinutes"]),
            ("color: blue\n", &["line 1", "auto, 16, 256, true or never"]),
            ("ages: {check: 30}\n", &["line 1", "30d"]),
            ("ages: {chek: 30d}\n", &["line 1", "`chek`"]),
            ("ages: {check: 99999999999999999999w}\n", &["line 1", "30d"]),
            ("contexts:\n  p: {}\n  p: {}\n", &["line 2, column 3: contexts", "\"p\" is there twice"]),
            ("contexts:\n  p:\n    catlog: /x\n", &["line 3, column 5", "`catlog`", "`catalog`"]),
            ("theme: a\ntheme: b\n", &["line 1", "duplicate field `theme`"]),
            ("context: q\n", &["q is not among contexts"]),
            ("theme: a\n---\ntheme: b\n", &["more than one document"]),
            ("theme: [\n", &["line 1, column 8", "a string"]),
            ("theme: \"a\n", &["line "]),
            ("- theme\n", &["line 1"]),
        ] {
            let cause = parse(text).unwrap_err();
            for word in words {
                assert!(cause.contains(word), "{text:?} gives {cause:?} without {word:?}");
            }
        }
    }

    #[test]
    fn an_alias_bomb_is_harmless() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..12 {
            let alias = format!("*a{}", n - 1);
            writeln!(text, "a{n}: &a{n} [{}]", [alias.as_str(); 10].join(", ")).unwrap();
        }
        assert!(parse(&text).is_err());
        assert!(parse(&text.replacen("a0: ", "keys: {}\ntheme: ", 1)).is_err());
    }

    #[test]
    fn no_file_is_the_default_and_a_large_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        assert_eq!(Config::load(&path).unwrap(), Config::default());
        std::fs::write(&path, "#".repeat(70_000)).unwrap();
        let fault = Config::load(&path).unwrap_err();
        assert_eq!(fault.kind, Kind::Usage);
        assert!(fault.to_string().contains("longer than 65536"), "{fault}");
        std::fs::write(&path, "ascii: maybe").unwrap();
        let said = Config::load(&path).unwrap_err().to_string();
        assert!(said.starts_with("config ") && said.contains("config.yaml not used: line 1, column 8: ascii: "), "{said}");
    }

    #[test]
    fn a_context_that_is_not_there_names_those_that_are() {
        let config = parse("contexts: {a: {}, b: {}}").unwrap();
        let fault = config.context(&"c".into()).unwrap_err();
        assert_eq!(fault.kind, Kind::NotFound);
        assert!(fault.to_string().contains("a, b"), "{fault}");
    }
}
