//! Themes: roles by meaning, each with a fallback; files `<name>.yaml` with `inherits`, `palette` and `roles`.
//!
//! Owns: reading themes (built in, or from the user's folder, which wins) and bringing their colours to what the terminal can. Must not:
//! know a view. A role's style is said in words: `bold red`, `ink on paper`, `reverse`.

use crate::domain::{Act, Fault, Kind, Text};
use crate::host::Color as Depth;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The themes that are compiled in.
const BUILT_IN: [(&str, &str); 5] = [
    ("default", include_str!("../../themes/default.yaml")),
    ("mono", include_str!("../../themes/mono.yaml")),
    ("dark", include_str!("../../themes/dark.yaml")),
    ("light", include_str!("../../themes/light.yaml")),
    ("high-contrast", include_str!("../../themes/high-contrast.yaml")),
];

/// The longest theme file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

macro_rules! roles {
    ($($role:ident $name:literal <- $fallback:ident: $what:literal),* $(,)?) => {
        /// What a piece of the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Role { $(#[doc = $what] $role),* }

        impl Role {
            /// All of them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$role),*];

            /// Its name in theme files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$role => $name),* }
            }

            /// The role whose style it takes where a theme says nothing. Comes before it in [`Role::ALL`].
            fn fallback(self) -> Self {
                match self { $(Self::$role => Self::$fallback),* }
            }
        }
    };
}

roles! {
    Text "text" <- Text: "Plain text, and the background.",
    Muted "muted" <- Text: "Less important.",
    Title "title" <- Text: "Headings.",
    Border "border" <- Muted: "Lines.",
    BorderFocus "border_focus" <- Border: "Lines around what has the focus.",
    Selection "selection" <- Text: "The selected row.",
    Mark "mark" <- Title: "The sign before the selected row.",
    Key "key" <- Title: "Keys to press.",
    Hint "hint" <- Muted: "What a key does.",
    Crumb "crumb" <- Muted: "Where we came from.",
    CrumbActive "crumb_active" <- Title: "Where we are.",
    Info "info" <- Text: "Worth knowing.",
    Filter "filter" <- Info: "The filter being typed.",
    Ok "ok" <- Text: "A good answer.",
    Warn "warn" <- Text: "An answer that needs a look.",
    Error "error" <- Warn: "A bad answer, a failure.",
    Danger "danger" <- Error: "What destroys something.",
    Readonly "readonly" <- Warn: "The read-only mark.",
    ContextProd "context_prod" <- Danger: "The name of a production context.",
    StepTodo "step_todo" <- Muted: "A step to come.",
    StepNow "step_now" <- Title: "The step that runs.",
    StepDone "step_done" <- Ok: "A step that is done.",
    StepFailed "step_failed" <- Error: "A step that failed.",
    Field "field" <- Text: "A field to fill in.",
    FieldError "field_error" <- Error: "What is wrong with a field.",
    Secret "secret" <- Field: "A secret that is shown.",
}

/// A theme brought to what the terminal can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The default theme with 16 colours: needs no file.
    #[must_use]
    pub fn plain() -> Self {
        Self::load("default", Path::new(""), Depth::Sixteen)
            .unwrap_or(Self { name: "default".into(), styles: [Style::new(); Role::ALL.len()] })
    }

    /// Loads the theme `name` from the user's folder, else the built-in one. `depth` must not be `Auto` (see [`depth`]); with `Never`
    /// only bold, underline and reverse are left.
    ///
    /// # Errors
    /// `Kind::NotFound` naming the themes there are, `Kind::Usage` naming what is wrong in the file.
    pub fn load(name: &str, folder: &Path, depth: Depth) -> Result<Self, Fault> {
        let mut palette = BTreeMap::new();
        let mut roles = BTreeMap::new();
        let mut next = Some(name.to_owned());
        let mut hops = 0;
        while let Some(this) = next {
            let file = read(&this, folder)?;
            for (key, value) in file.palette {
                palette.entry(key).or_insert(value);
            }
            for (key, value) in file.roles {
                roles.entry(key).or_insert(value);
            }
            hops += 1;
            next = file.inherits.filter(|_| hops < 8);
        }
        let wrong =
            |why: String| Fault::new(Kind::Usage, format!("theme {name} not used"), why, Act::say("mend the file, or :theme default"));
        if let Some(key) = roles.keys().find(|k| !Role::ALL.iter().any(|r| r.name() == k.as_str())) {
            return Err(wrong(format!("there is no role \"{}\"", Text::new(key.as_str()))));
        }
        let mut styles = [Style::new(); Role::ALL.len()];
        for role in Role::ALL {
            styles[role as usize] = match roles.get(role.name()) {
                Some(words) => parse(words, &palette, depth).map_err(|why| wrong(format!("role {}: {why}", role.name())))?,
                None if role == Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
                None => styles[role.fallback() as usize],
            };
            // Without colours what stood out by its background stands out by reverse.
            if depth == Depth::Never && matches!(role, Role::Selection | Role::Danger | Role::ContextProd) {
                styles[role as usize] = styles[role as usize].add_modifier(Modifier::REVERSED);
            }
        }
        let text = styles[Role::Text as usize];
        for style in &mut styles {
            *style = text.patch(*style);
        }
        Ok(Self { name: name.to_owned(), styles })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// The names of all themes: the built-in ones, then those of the user's folder.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut own: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.strip_suffix(".yaml").map(str::to_owned))
        .filter(|name| !names.contains(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)))
        .take(64)
        .collect();
    own.sort();
    names.append(&mut own);
    names
}

/// How many colours to use: what was asked for, else what `NO_COLOR`, `COLORTERM` and `TERM` say. Never `Auto`.
#[must_use]
pub fn depth(asked: Depth) -> Depth {
    let says = |name: &str| std::env::var(name).unwrap_or_default();
    if asked != Depth::Auto {
        return asked;
    }
    let (term, color) = (says("TERM"), says("COLORTERM"));
    match () {
        () if !says("NO_COLOR").is_empty() => Depth::Never,
        () if color == "truecolor" || color == "24bit" => Depth::True,
        () if term.contains("256color") => Depth::TwoFiftySix,
        () if term.starts_with("vt1") || term.starts_with("vt2") || term.ends_with("-mono") => Depth::Never,
        () => Depth::Sixteen,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, Shade>,
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

/// A colour of a palette: alone, or with its twin for 16 colours.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Shade {
    One(String),
    Twins([String; 2]),
}

fn read(name: &str, folder: &Path) -> Result<File, Fault> {
    let own = folder.join(format!("{name}.yaml"));
    let doing = || format!("theme {} not used", Text::new(name).fit(40));
    let plain_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let of_user = if plain_name && std::fs::metadata(&own).is_ok_and(|m| m.is_file() && m.len() <= LONGEST) {
        std::fs::read_to_string(&own).ok()
    } else {
        None
    };
    let text = match (of_user, BUILT_IN.iter().find(|(n, _)| *n == name)) {
        (Some(text), _) => text,
        (None, Some((_, text))) => (*text).to_owned(),
        (None, None) => {
            let next = Act::say(format!("one of these: {}", names(folder).join(", ")));
            return Err(Fault::new(Kind::NotFound, doing(), "there is no theme of that name", next));
        }
    };
    serde_yaml::from_str(&text).map_err(|e| Fault::new(Kind::Usage, doing(), e.to_string(), Act::say("mend the file, or :theme default")))
}

/// A style in words: `[bold|dim|italic|underline|reverse]... [COLOUR] [on COLOUR]`.
fn parse(words: &str, palette: &BTreeMap<String, Shade>, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new();
    let mut ground = false;
    for word in words.split_whitespace() {
        style = match word {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underline" => style.add_modifier(Modifier::UNDERLINED),
            "reverse" => style.add_modifier(Modifier::REVERSED),
            "on" => {
                ground = true;
                continue;
            }
            colour => {
                let colour = shade(colour, palette, depth)?;
                match (depth, ground) {
                    (Depth::Never, _) => style,
                    (_, true) => style.bg(colour),
                    (_, false) => style.fg(colour),
                }
            }
        };
    }
    Ok(style)
}

fn shade(word: &str, palette: &BTreeMap<String, Shade>, depth: Depth) -> Result<Color, String> {
    let pick = |word: &str| colour(word).ok_or_else(|| format!("\"{}\" is no colour", Text::new(word).fit(40)));
    match (palette.get(word), depth) {
        (None, _) => pick(word).map(|c| lower(c, depth)),
        (Some(Shade::One(word)), _) | (Some(Shade::Twins([word, _])), Depth::True | Depth::TwoFiftySix) => {
            pick(word).map(|c| lower(c, depth))
        }
        (Some(Shade::Twins([_, twin])), _) => pick(twin),
    }
}

/// A colour by its name among the terminal's 16, `default`, or `#rrggbb`.
fn colour(word: &str) -> Option<Color> {
    if let Some(hex) = word.strip_prefix('#') {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        let [_, r, g, b] = value.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    Some(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "gray" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

/// Brings a colour to what the terminal can.
fn lower(colour: Color, depth: Depth) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    match depth {
        Depth::True => colour,
        Depth::TwoFiftySix => Color::Indexed(cube(r, g, b)),
        Depth::Auto | Depth::Sixteen | Depth::Never => nearest16(r, g, b),
    }
}

/// The nearest of the 216 colours of the cube and the 24 greys.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6).min_by_key(|i| LEVELS[usize::from(*i)].abs_diff(v)).unwrap_or(0);
    let steps = (step(r), step(g), step(b));
    let of = |i: u8| LEVELS[usize::from(i)];
    let grey = (0..24_u8).min_by_key(|i| distance((r, g, b), (8 + 10 * i, 8 + 10 * i, 8 + 10 * i))).unwrap_or(0);
    let level = 8 + 10 * grey;
    if distance((r, g, b), (level, level, level)) < distance((r, g, b), (of(steps.0), of(steps.1), of(steps.2))) {
        232 + grey
    } else {
        16 + 36 * steps.0 + 6 * steps.1 + steps.2
    }
}

fn nearest16(r: u8, g: u8, b: u8) -> Color {
    SIXTEEN.iter().min_by_key(|(_, rgb)| distance((r, g, b), *rgb)).map_or(Color::Reset, |(colour, _)| *colour)
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

/// What xterm shows for the 16 colours, in their order.
pub(super) const SIXTEEN: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: &str = "/nonexistent";

    fn load(name: &str, depth: Depth) -> Theme {
        Theme::load(name, Path::new(NOWHERE), depth).unwrap()
    }

    /// What a person sees: foreground and background, on a terminal with this background.
    fn seen(style: Style, terminal: (u8, u8, u8)) -> ((u8, u8, u8), (u8, u8, u8)) {
        let rgb = |colour: Option<Color>, default| match colour.unwrap_or(Color::Reset) {
            Color::Reset => default,
            Color::Rgb(r, g, b) => (r, g, b),
            named => SIXTEEN.iter().find(|(c, _)| *c == named).unwrap().1,
        };
        let ink = if terminal == (0, 0, 0) { (229, 229, 229) } else { (0, 0, 0) };
        let (fg, bg) = (rgb(style.fg, ink), rgb(style.bg, terminal));
        if style.add_modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
    }

    /// Contrast as WCAG 2 has it, 1 to 21.
    fn contrast((a, b): ((u8, u8, u8), (u8, u8, u8))) -> f64 {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        let light = |(r, g, b): (u8, u8, u8)| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        let (x, y) = (light(a), light(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn danger_and_selection_can_be_read_in_every_theme() {
        for (name, _) in BUILT_IN {
            for depth in [Depth::Sixteen, Depth::True] {
                let theme = load(name, depth);
                for ground in [(0, 0, 0), (255, 255, 255)] {
                    for role in [Role::Danger, Role::Selection] {
                        let found = contrast(seen(theme.style(role), ground));
                        assert!(found >= 4.5, "{name} {depth:?} {} {found:.2}", role.name());
                    }
                    let text = contrast(seen(theme.style(Role::Text), ground));
                    assert!(text >= 4.5, "{name} {depth:?} text {text:.2}");
                }
            }
        }
    }

    #[test]
    fn selection_and_danger_differ_from_text_without_colour() {
        for (name, _) in BUILT_IN {
            let theme = load(name, Depth::Never);
            for role in Role::ALL {
                let style = theme.style(role);
                assert_eq!((style.fg, style.bg), (None, None), "{name} {}", role.name());
            }
            for role in [Role::Selection, Role::Danger] {
                assert_ne!(theme.style(role), theme.style(Role::Text), "{name} {}", role.name());
            }
        }
    }

    #[test]
    fn colours_stay_within_the_depth() {
        for (name, _) in BUILT_IN {
            for depth in [Depth::Sixteen, Depth::TwoFiftySix] {
                let theme = load(name, depth);
                for role in Role::ALL {
                    let style = theme.style(role);
                    for colour in [style.fg, style.bg].into_iter().flatten() {
                        let rgb = matches!(colour, Color::Rgb(..));
                        let indexed = matches!(colour, Color::Indexed(_));
                        assert!(!rgb && (depth == Depth::TwoFiftySix || !indexed), "{name} {depth:?} {} {colour:?}", role.name());
                    }
                }
            }
        }
    }

    #[test]
    fn own_themes_win_inherit_and_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.yaml"), "inherits: dark\nroles:\n  danger: bold bright-yellow\n").unwrap();
        let mine = Theme::load("mine", folder.path(), Depth::True).unwrap();
        assert_eq!(mine.style(Role::Danger).fg, Some(Color::LightYellow));
        assert_eq!(mine.style(Role::Ok), load("dark", Depth::True).style(Role::Ok));
        assert!(names(folder.path()).contains(&"mine".to_owned()));

        std::fs::write(folder.path().join("dark.yaml"), "roles:\n  text: green\n").unwrap();
        assert_eq!(Theme::load("dark", folder.path(), Depth::True).unwrap().style(Role::Muted).fg, Some(Color::Green));

        for (text, says) in [
            ("roles:\n  dangre: red\n", "no role \"dangre\""),
            ("roles:\n  danger: rde\n", "\"rde\" is no colour"),
            ("colours: {}\n", "unknown field `colours`"),
            ("inherits: wrong\n", ""),
        ] {
            std::fs::write(folder.path().join("wrong.yaml"), text).unwrap();
            let found = Theme::load("wrong", folder.path(), Depth::True);
            match says {
                "" => assert!(found.is_ok(), "a theme that inherits itself ends"),
                says => assert!(found.unwrap_err().line().contains(says), "{says}"),
            }
        }
        let missing = Theme::load("../dark", folder.path(), Depth::True).unwrap_err();
        assert!(missing.next.say.to_string().contains("high-contrast"), "{missing}");
    }

    #[test]
    fn a_role_that_a_theme_leaves_out_takes_its_fallback() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("short.yaml"), "roles: {warn: yellow}\n").unwrap();
        let theme = Theme::load("short", folder.path(), Depth::Sixteen).unwrap();
        for role in [Role::Error, Role::Danger, Role::ContextProd, Role::StepFailed] {
            assert_eq!(theme.style(role).fg, Some(Color::Yellow), "{}", role.name());
        }
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
    }
}
