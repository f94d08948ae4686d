//! What can be done, one file a command.

pub mod add_address;
pub mod add_staff;
pub mod change_password;
pub mod delete_account;
pub mod log_in;
pub mod log_out;
pub mod prove_password;
pub mod refresh;
pub mod remove_address;
pub mod remove_staff;
pub mod replace_address;
pub mod sign_up;
pub mod update_profile;
