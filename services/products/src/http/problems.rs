//! How each command's errors look from outside.

use platform::http::{FieldError, FieldErrors, Problem, Validate};

use crate::{
    commands::{
        add_product::AddProductError, adjust_stock::AdjustStockError, archive_product::ArchiveProductError,
        import_products::ImportError, restore_product::RestoreProductError,
        revise_product::ReviseProductError,
    },
    domain::{AdjustmentRefused, Fault, LineFault, NewProduct},
};

impl Validate for NewProduct {
    fn check(&self, errors: &mut FieldErrors) {
        tell(self.faults(), errors);
    }
}

/// Adds `faults` to `errors`.
pub(super) fn tell(faults: Vec<Fault>, errors: &mut FieldErrors) {
    for fault in faults {
        errors.require(false, fault.field, fault.message);
    }
}

impl From<AddProductError> for Problem {
    fn from(error: AddProductError) -> Self {
        match error {
            AddProductError::KeyReused => Self::key_reused(),
            AddProductError::Store(error) => error.into(),
        }
    }
}

impl From<ReviseProductError> for Problem {
    fn from(error: ReviseProductError) -> Self {
        match error {
            ReviseProductError::NoSuchProduct => Self::not_found("product"),
            ReviseProductError::OtherCurrency(currency) => Self::conflict(
                "other-currency",
                "The price is in another currency",
                format!(
                    "This product is priced in {currency} and stays so. In another currency it is another product."
                ),
            ),
            ReviseProductError::Store(error) => error.into(),
        }
    }
}

impl From<ArchiveProductError> for Problem {
    fn from(error: ArchiveProductError) -> Self {
        match error {
            ArchiveProductError::NoSuchProduct => Self::not_found("product"),
            ArchiveProductError::Store(error) => error.into(),
        }
    }
}

impl From<RestoreProductError> for Problem {
    fn from(error: RestoreProductError) -> Self {
        match error {
            RestoreProductError::NoSuchProduct => Self::not_found("product"),
            RestoreProductError::Store(error) => error.into(),
        }
    }
}

impl From<AdjustStockError> for Problem {
    fn from(error: AdjustStockError) -> Self {
        match error {
            AdjustStockError::Refused(AdjustmentRefused::NoSuchProduct) => Self::not_found("product"),
            AdjustStockError::Refused(refused @ AdjustmentRefused::BelowReserved { .. }) => {
                Self::conflict("stock-reserved", "Too much of the stock is reserved", sentence(&refused))
            }
            AdjustStockError::Refused(refused @ AdjustmentRefused::TooMany { .. }) => {
                Self::conflict("stock-too-high", "The stock would be too high", sentence(&refused))
            }
            AdjustStockError::KeyReused => Self::key_reused(),
            AdjustStockError::Store(error) => error.into(),
        }
    }
}

fn sentence(refused: &AdjustmentRefused) -> String {
    format!("Of this product, {refused}.")
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Faulty(faults) => Self::unprocessable(faults.into_iter().map(line_error).collect()),
            ImportError::KeyReused => Self::key_reused(),
            ImportError::Store(error) => error.into(),
        }
    }
}

fn line_error(fault: LineFault) -> FieldError {
    let line = fault.line;
    let field =
        if fault.field.is_empty() { format!("line {line}") } else { format!("line {line}: {}", fault.field) };
    FieldError { field: field.into(), message: fault.message.into() }
}
