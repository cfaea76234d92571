//! The JSON object that a hook gets.

use std::path::PathBuf;

use serde_json::Value;

/// Why a payload could not be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayloadError {
    /// It is no JSON object.
    #[error("the payload is not a JSON object: {0}")]
    Json(String),
    /// A field without which it says nothing.
    #[error("the payload has no usable `{0}`")]
    Missing(&'static str),
    /// A version of our own event that this program does not know.
    #[error("schema `{0}` is not known to this version of git ai-log")]
    Schema(String),
}

/// A JSON object, with the readings that payloads need.
pub(crate) struct Payload(Value);

impl Payload {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err(PayloadError::Json("it is another kind of value".into())),
            Err(error) => Err(PayloadError::Json(error.to_string())),
        }
    }

    /// What a session's own file says, in the words of a payload.
    pub(crate) fn of(value: Value) -> Self {
        Self(value)
    }

    /// All of it, as JSON.
    pub(crate) fn whole(&self) -> String {
        self.0.to_string()
    }

    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    pub(crate) fn owned(&self, pointer: &str) -> Option<String> {
        self.text(pointer).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn need(&self, pointer: &'static str) -> Result<String, PayloadError> {
        self.owned(pointer).ok_or(PayloadError::Missing(pointer))
    }

    pub(crate) fn path(&self, pointer: &str) -> Option<PathBuf> {
        self.owned(pointer).map(PathBuf::from)
    }

    pub(crate) fn flag(&self, pointer: &str) -> bool {
        self.at(pointer).and_then(Value::as_bool).unwrap_or(false)
    }
}
