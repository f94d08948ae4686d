//! Questions that the customer service answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Rpc;
use crate::{AddressId, CustomerId, Service};

/// With which keys are access tokens verified?
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublicKeys {}

impl Rpc for PublicKeys {
    const METHOD: &'static str = "customer.public_keys";
    const SERVICE: Service = Service::Customer;
    type Reply = PublicKeySet;
}

/// A JWK Set (RFC 7517, section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct PublicKeySet {
    /// The newest first; all of them verify.
    pub keys: Vec<JsonWebKey>,
}

/// An Ed25519 public key as a JWK (RFC 8037, section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct JsonWebKey {
    /// Key type: `OKP`.
    pub kty: String,
    /// Curve: `Ed25519`.
    pub crv: String,
    /// The public key, base64url without padding.
    pub x: String,
    /// Key id: the thumbprint of RFC 7638.
    pub kid: String,
    /// Algorithm: `EdDSA`.
    pub alg: String,
    /// Use: `sig`.
    #[serde(rename = "use")]
    pub usage: String,
}

/// Where does this address of this customer lie?
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindAddress {
    /// Whose it must be.
    pub customer_id: CustomerId,
    /// Which one.
    pub address_id: AddressId,
}

impl Rpc for FindAddress {
    const METHOD: &'static str = "customer.find_address";
    const SERVICE: Service = Service::Customer;
    type Reply = FoundAddress;
}

/// The address, if the customer has one by that id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundAddress {
    /// `None`: no such address, or somebody else's.
    pub address: Option<PostalAddress>,
}

/// Where a parcel goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct PostalAddress {
    /// Who takes the parcel, if it is not the customer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(example = "Ida Lovelace")]
    pub name: Option<String>,
    /// Street and number.
    #[schema(example = "12 Harbour Street")]
    pub street: String,
    /// Postal code.
    #[schema(example = "20095")]
    pub postal_code: String,
    /// City.
    #[schema(example = "Hamburg")]
    pub city: String,
    /// ISO 3166-1 alpha-2 code.
    #[schema(example = "DE")]
    pub country: String,
}
