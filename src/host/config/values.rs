//! How the values are read that serde has no type for.

use super::Color;
use crate::domain::{Ages, Text};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// YAML reads `16` as a number and `true` as a truth value, so all three kinds are taken.
impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Color;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("auto, 16, 256, true or never")
            }
            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Color, E> {
                if yes { Ok(Color::True) } else { Err(E::invalid_value(de::Unexpected::Bool(false), &self)) }
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Color, E> {
                match number {
                    16 => Ok(Color::Sixteen),
                    256 => Ok(Color::TwoFiftySix),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Color, E> {
                match word {
                    "auto" => Ok(Color::Auto),
                    "16" => Ok(Color::Sixteen),
                    "256" => Ok(Color::TwoFiftySix),
                    "true" => Ok(Color::True),
                    "never" => Ok(Color::Never),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(Word)
    }
}

/// Ages as durations; one that is left out keeps its default.
pub fn ages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ages, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        #[serde(default)]
        check: Option<Duration>,
        #[serde(default)]
        typed: Option<Duration>,
        #[serde(default)]
        archive: Option<Duration>,
        #[serde(default)]
        kit: Option<Duration>,
        #[serde(default)]
        drill: Option<Duration>,
    }
    let raw = Raw::deserialize(deserializer)?;
    let default = Ages::default();
    let seconds = |given: Option<Duration>, otherwise| given.map_or(otherwise, |Duration(seconds)| seconds);
    Ok(Ages {
        check: seconds(raw.check, default.check),
        typed: seconds(raw.typed, default.typed),
        archive: seconds(raw.archive, default.archive),
        kit: seconds(raw.kit, default.kit),
        drill: seconds(raw.drill, default.drill),
    })
}

/// A map in which a name that is there twice is a mistake, not a choice.
pub fn unique<'de, D: Deserializer<'de>, V: Deserialize<'de>>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error> {
    struct Unique<V>(PhantomData<V>);
    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("names with values")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut found = BTreeMap::new();
            while let Some(name) = access.next_key::<String>()? {
                if found.contains_key(&name) {
                    return Err(de::Error::custom(format!("\"{}\" is there twice", Text::new(name).fit(60))));
                }
                found.insert(name, access.next_value()?);
            }
            Ok(found)
        }
    }
    deserializer.deserialize_map(Unique(PhantomData))
}

/// Keys of actions: one, or a list.
pub fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a key such as ctrl-x, or a list of keys")]
    enum Keys {
        One(String),
        Many(Vec<String>),
    }
    let found: BTreeMap<String, Keys> = unique(deserializer)?;
    Ok(found
        .into_iter()
        .map(|(action, keys)| {
            (
                action,
                match keys {
                    Keys::One(key) => vec![key],
                    Keys::Many(keys) => keys,
                },
            )
        })
        .collect())
}

/// Seconds, written as `30d`.
struct Duration(i64);

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Duration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 12h, 30d or 26w")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                seconds(text).map(Duration).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(unit).filter(|seconds| *seconds > 0)
}
