//! Flat JSON objects that can be authenticated (see `crypto.md`, Encodings).

use crate::domain::Text;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The longest text that is parsed, in bytes: 1 MiB.
const LONGEST: usize = 1 << 20;
/// What the members of a record need in canonical form, in bytes: most make do without growing.
const ROOM: usize = 1024;
/// The largest number.
const MOST: u64 = (1 << 53) - 1;

/// A member's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// 0 to 2^53-1.
    Number(u64),
}

/// A flat JSON object; unknown members are kept and take part in `canon`. In ascending order of the names' UTF-8 bytes, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object(Vec<(String, Value)>);

/// Why a text is no authenticated object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Not JSON, or not one object.
    #[error("it is not one JSON object")]
    NotAnObject,
    /// Longer than 1 MiB.
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// A member stands twice.
    #[error("member \"{0}\" stands twice")]
    Repeated(Text),
    /// A member is neither text nor an integer of 0 to 2^53-1.
    #[error("member \"{0}\" is neither text nor a whole number of 0 to 2^53-1")]
    Type(Text),
    /// A member that must be there is not, or has the wrong form.
    #[error("member \"{0}\" is missing or malformed")]
    Missing(&'static str),
}

impl Object {
    /// An empty object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses strictly.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn parse(json: &[u8]) -> Result<Self, ObjectError> {
        if json.len() > LONGEST {
            return Err(ObjectError::TooLong);
        }
        let Members(members) = serde_json::from_slice(json).map_err(|_| ObjectError::NotAnObject)?;
        let mut object = Self(Vec::with_capacity(members.len()));
        for (name, value) in members {
            let Err(at) = object.find(&name) else { return Err(ObjectError::Repeated(name.into())) };
            let Some(value) = value.0 else { return Err(ObjectError::Type(name.into())) };
            object.0.insert(at, (name, value));
        }
        Ok(object)
    }

    /// Compact JSON, members in ascending order.
    #[must_use]
    pub fn to_json(&self) -> String {
        let members = self.0.iter().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => serde_json::Value::from(text.as_str()),
                Value::Number(number) => serde_json::Value::from(*number),
            };
            (name.clone(), value)
        });
        serde_json::Value::Object(members.collect()).to_string()
    }

    /// Sets a text member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, Value::Text(value.into()));
        self
    }

    /// Sets a number member. More than 2^53-1 is brought down to it.
    #[must_use]
    pub fn with_number(mut self, name: &str, value: u64) -> Self {
        self.set(name, Value::Number(value.min(MOST)));
        self
    }

    /// Sets a text member where there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Sets a text member to text from outside, as it came.
    #[must_use]
    pub fn with_words(self, name: &str, value: &Text) -> Self {
        self.with(name, value.raw())
    }

    /// Sets a text member to text from outside where there is some.
    #[must_use]
    pub fn with_some_words(self, name: &str, value: Option<&Text>) -> Self {
        self.with_some(name, value.map(Text::raw))
    }

    /// Without a member.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Ok(at) = self.find(name) {
            self.0.remove(at);
        }
        self
    }

    /// A text member as text from outside.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<Text> {
        self.text(name).map(Text::from)
    }

    /// A text member.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number member.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A text member that must be there.
    ///
    /// # Errors
    /// [`ObjectError::Missing`].
    pub fn need(&self, name: &'static str) -> Result<&str, ObjectError> {
        self.text(name).ok_or(ObjectError::Missing(name))
    }

    /// A number member that must be there.
    ///
    /// # Errors
    /// [`ObjectError::Missing`].
    pub fn need_number(&self, name: &'static str) -> Result<u64, ObjectError> {
        self.number(name).ok_or(ObjectError::Missing(name))
    }

    /// All members in order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// `canon(o)`, leaving out the members named as `outputs`.
    #[must_use]
    pub fn canon(&self, outputs: &[&str]) -> Vec<u8> {
        let mut out = Vec::with_capacity(ROOM);
        for (name, value) in self.members().filter(|(name, _)| !outputs.contains(name)) {
            lp(&mut out, name.as_bytes());
            match value {
                Value::Text(text) => lp(&mut out, text.as_bytes()),
                Value::Number(number) => lp(&mut out, number.to_string().as_bytes()),
            }
        }
        out
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(self.find(name).ok()?).map(|(_, value)| value)
    }

    fn set(&mut self, name: &str, value: Value) {
        match self.find(name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name.to_owned(), value)),
        }
    }

    /// Where a member is, or would be. What was written by us is in order already, so that the end is looked at first.
    fn find(&self, name: &str) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last.as_str() < name => Err(self.0.len()),
            _ => self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)),
        }
    }
}

/// `lp(x)`: the length in 4 bytes, big-endian, then `x`, appended to `out`.
pub fn lp(out: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing here comes near 4 GiB: what is parsed is bounded, and so is what is made of it.
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The members as they stand, repetitions included.
struct Members(Vec<(String, Member)>);

/// A member's value; None where its type is not allowed.
struct Member(Option<Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("one object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Member;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Member, E> {
                Ok(Member(Some(Value::Text(text.to_owned()))))
            }
            fn visit_string<E>(self, text: String) -> Result<Member, E> {
                Ok(Member(Some(Value::Text(text))))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
                Ok(Member((number <= MOST).then_some(Value::Number(number))))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
                Ok(Member(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
                Ok(Member(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
                Ok(Member(None))
            }
            fn visit_unit<E>(self) -> Result<Member, E> {
                Ok(Member(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Member, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Member(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member(None))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hex;

    #[test]
    fn the_documented_example() {
        let object = Object::parse(br#"{"v":1,"b":"x","a":""}"#).unwrap();
        assert_eq!(hex(&object.canon(&[])), "00000001610000000000000001620000000178000000017600000001".to_owned() + "31");
        assert_eq!(object, Object::new().with_number("v", 1).with("b", "x").with("a", ""));
        assert_eq!(object.canon(&["b", "v"]), b"\0\0\0\x01a\0\0\0\0");
    }

    #[test]
    fn order_is_by_utf8_bytes() {
        // In UTF-16 order the last two would be the other way round.
        let object = Object::new().with("\u{10000}", "").with("\u{ffff}", "").with("Z", "").with("a", "");
        let names: Vec<&str> = object.members().map(|(name, _)| name).collect();
        assert_eq!(names, ["Z", "a", "\u{ffff}", "\u{10000}"]);
    }

    #[test]
    fn strict() {
        let error = |json: &str| Object::parse(json.as_bytes()).unwrap_err();
        assert_eq!(error(r#"{"a":1,"a":1}"#), ObjectError::Repeated("a".into()));
        assert_eq!(error(r#"{"a":1,"\u0061":2}"#), ObjectError::Repeated("a".into()), "an escaped name is the same name");
        for bad in ["1.0", "1e3", "-1", "-0", "9007199254740992", "18446744073709551616", "true", "null", "[]", "[1]", "{}", "{\"b\":1}"] {
            assert_eq!(error(&format!("{{\"a\":{bad}}}")), ObjectError::Type("a".into()), "{bad}");
        }
        for bad in
            ["", "[]", "1", "\"x\"", "{", "{}{}", "{\"a\":01}", "{\"a\":1,}", "{'a':1}", "{\"a\":NaN}", "\u{feff}{}", "{\"a\":\"\\ud800\"}"]
        {
            assert_eq!(error(bad), ObjectError::NotAnObject, "{bad}");
        }
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_err());
        assert_eq!(error(&format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))), ObjectError::TooLong);
        assert_eq!(error(&format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000))), ObjectError::Type("a".into()));
        assert_eq!(Object::parse(br#" {"n":9007199254740991} "#).unwrap().number("n"), Some(MOST));
    }

    #[test]
    fn json_round_trip_keeps_unknown_members_and_hostile_text() {
        let hostile = Text::new("a\x1b[2J\u{202e}\"\\\n");
        let object = Object::new().with_words("t", &hostile).with_number("n", u64::MAX).with("unknown", "kept");
        let again = Object::parse(object.to_json().as_bytes()).unwrap();
        assert_eq!(again, object);
        assert_eq!(again.words("t"), Some(hostile));
        assert_eq!(again.number("n"), Some(MOST));
        assert_eq!(again.need("gone"), Err(ObjectError::Missing("gone")));
        assert!(!ObjectError::Repeated(Text::new("\x1b")).to_string().contains('\x1b'));
    }
}
