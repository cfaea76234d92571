//! One file an item.

pub mod authorization;
pub mod business_logic;
pub mod context;
pub mod cors;
pub mod dependencies;
pub mod deserialization;
pub mod duplicate_logic;
pub mod error_handling;
pub mod explained;
pub mod external;
pub mod injection;
pub mod input_validation;
pub mod migrations;
pub mod secrets;
pub mod team;
pub mod timeouts;
