//! Another service asks what some products are called, what they cost and how many there are.

use std::sync::Arc;

use contracts::rpc::{FindProducts, FoundProducts, ProductSnapshot};
use platform::messaging::RpcError;

use crate::{Products, domain::Product};

/// Ids that one question may name.
const MOST: usize = 500;

pub(super) async fn answer(
    products: Arc<Products>,
    question: FindProducts,
) -> Result<FoundProducts, RpcError> {
    if question.ids.len() > MOST {
        return Err(RpcError::Invalid(format!("at most {MOST} products can be asked for at once")));
    }
    let found = products.store.products(&question.ids).await?;
    Ok(FoundProducts { products: found.into_iter().map(snapshot).collect() })
}

fn snapshot(product: Product) -> ProductSnapshot {
    ProductSnapshot {
        id: product.id,
        available: product.stock.available(),
        archived: product.archived_at.is_some(),
        name: product.name,
        price: product.price,
    }
}
