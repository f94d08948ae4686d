//! What a catalogue, its stock and its reservations are. Pure: nothing here waits, stores or sends.

mod catalogue_lines;
mod demand;
mod listing;
mod patch;
mod product;
mod search;
mod stock;

pub use catalogue_lines::{LineFault, parse_catalogue};
pub use demand::{Demand, NotAnOrder};
pub(crate) use listing::sort_name;
pub use listing::{Listing, PRICE_RANGE, Position, Sort};
pub use patch::ProductPatch;
pub use product::{Fault, MAX_STOCK, NewProduct, Product, is_category};
pub use search::SearchTerms;
pub use stock::{Adjustment, AdjustmentRefused, Stock};
