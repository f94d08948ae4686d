//! The shopping service.
