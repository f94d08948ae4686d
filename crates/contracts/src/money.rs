//! Money: whole minor units of one currency. There is no floating point and no conversion.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// An ISO 4217 alphabetic code: three capital letters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Z]{3}$"))]
#[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro: the currency of the demo catalogue.
    pub const EUR: Self = Self(*b"EUR");

    /// The code, such as `EUR`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::NotACurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in minor units (cents for EUR) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Money {
    /// Minor units: 1250 is 12.50 in a currency with two decimals.
    #[schema(example = 1250)]
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// Why an amount of money could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Two currencies met in one sum.
    #[error("amounts in different currencies cannot be added")]
    MixedCurrencies,
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Not three capital letters.
    #[error("a currency is three capital letters, such as EUR")]
    NotACurrency,
}

impl Money {
    /// `amount` minor units of `currency`.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// This amount `quantity` times.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if the product does not fit.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The sum of two amounts in the same currency.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], or [`MoneyError::Overflow`] if the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies);
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The sum of `amounts`, or `None` where there are none.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Option<Self>, MoneyError> {
        amounts.into_iter().try_fold(None, |total: Option<Self>, amount| match total {
            None => Ok(Some(amount)),
            Some(total) => total.plus(amount).map(Some),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_adds_in_one_currency_only() {
        let price = Money::new(1250, Currency::EUR);
        assert_eq!(price.times(3).unwrap().amount, 3750);
        let dollars = Money::new(1, "USD".parse().unwrap());
        assert_eq!(price.plus(dollars), Err(MoneyError::MixedCurrencies));
    }

    #[test]
    fn money_does_not_wrap() {
        let most = Money::new(i64::MAX, Currency::EUR);
        assert_eq!(most.times(2), Err(MoneyError::Overflow));
        assert_eq!(most.plus(Money::new(1, Currency::EUR)), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for wrong in ["eur", "EU", "EURO", "€", ""] {
            assert_eq!(wrong.parse::<Currency>(), Err(MoneyError::NotACurrency), "{wrong}");
        }
    }
}
