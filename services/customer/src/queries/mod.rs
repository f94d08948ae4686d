//! What can be asked, one file a query.

pub mod find_address;
pub mod get_profile;
pub mod list_addresses;
pub mod staff_exists;
