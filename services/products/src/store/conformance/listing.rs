//! Lists.

use std::{collections::BTreeSet, time::Duration};

use contracts::{Currency, Money, ProductId};
use platform::idempotency::Once;

use super::{NOW, Shop, by_staff, moka_pot};
use crate::{
    domain::{Listing, NewProduct, Position, Product, ProductPatch, SearchTerms, Sort},
    store::{ByStaff, Category},
};

const SORTS: [Sort; 4] = [Sort::Newest, Sort::PriceAsc, Sort::PriceDesc, Sort::Name];

fn named(name: &str, amount: i64) -> NewProduct {
    NewProduct { name: name.into(), price: Money::new(amount, Currency::EUR), ..moka_pot() }
}

/// All pages of `listing`, put together.
async fn all_pages(shop: &Shop, listing: Listing) -> Vec<Product> {
    let mut seen: Vec<Product> = Vec::new();
    loop {
        let after = seen.last().map(|last| Position::of(last, listing.sort));
        let page = shop.store.list_products(Listing { after, ..listing.clone() }).await.unwrap();
        assert!(page.len() <= listing.limit as usize);
        if page.is_empty() {
            return seen;
        }
        seen.extend(page);
        assert!(seen.len() < 1_000, "the list does not end");
    }
}

async fn names(shop: &Shop, listing: Listing) -> Vec<String> {
    let listing = Listing { limit: 100, sort: Sort::Name, ..listing };
    let listed = shop.store.list_products(listing).await.unwrap();
    listed.into_iter().map(|product| product.name).collect()
}

async fn search(shop: &Shop, text: &str) -> Vec<String> {
    names(shop, Listing { search: SearchTerms::parse(text), ..Listing::default() }).await
}

pub(crate) async fn every_order_visits_each_product_once(shop: &Shop) {
    // Many are equal in name, price or age, so that a page ends among equals.
    for number in 0..30_i32 {
        let name = ["mug", "Mug", "Éclair mould", "bowl", "Zester"][(number % 5) as usize];
        let at = NOW + Duration::from_secs((number / 7).unsigned_abs().into());
        let by = ByStaff { at, ..by_staff(None) };
        let product = named(name, i64::from(number % 3) + 1);
        assert!(matches!(
            shop.store.add_product(ProductId::new(), product, by).await.unwrap(),
            Once::Done(_)
        ));
    }
    for sort in SORTS {
        for limit in [1, 4, 30] {
            let seen = all_pages(shop, Listing { sort, limit, ..Listing::default() }).await;
            let ids: BTreeSet<_> = seen.iter().map(|product| product.id).collect();
            assert_eq!((seen.len(), ids.len()), (30, 30), "{sort:?} by {limit}");
            let in_order = seen.windows(2).all(|pair| match sort {
                Sort::Newest => (pair[0].created_at, pair[0].id) > (pair[1].created_at, pair[1].id),
                Sort::PriceAsc => (pair[0].price.amount, pair[0].id) < (pair[1].price.amount, pair[1].id),
                Sort::PriceDesc => (pair[0].price.amount, pair[0].id) > (pair[1].price.amount, pair[1].id),
                Sort::Name => {
                    (pair[0].name.to_lowercase(), pair[0].id) < (pair[1].name.to_lowercase(), pair[1].id)
                }
            });
            assert!(in_order, "{sort:?} by {limit}");
        }
    }
}

pub(crate) async fn a_page_goes_on_where_the_last_one_ended_though_products_come_and_go(shop: &Shop) {
    for (name, amount) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        shop.add(named(name, amount)).await;
    }
    for sort in [Sort::Name, Sort::PriceAsc] {
        let listing = Listing { sort, limit: 2, ..Listing::default() };
        let first = shop.store.list_products(listing.clone()).await.unwrap();
        let came = shop.add(named("a", 1)).await;
        let after = Some(Position::of(&first[1], sort));
        shop.store.archive_product(came.id, NOW).await.unwrap();
        let second = shop.store.list_products(Listing { after, ..listing }).await.unwrap();
        let names: Vec<_> = first.iter().chain(&second).map(|product| product.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d"], "{sort:?}");
    }
}

pub(crate) async fn filters_narrow_a_list(shop: &Shop) {
    shop.add(NewProduct { category: "garden".into(), ..named("rake", 500) }).await;
    shop.add(named("bowl", 100)).await;
    shop.add(NewProduct { stock: 0, ..named("mug", 300) }).await;
    let all = Listing::default;
    assert_eq!(names(shop, all()).await, ["bowl", "mug", "rake"]);
    assert_eq!(names(shop, Listing { category: Some("garden".into()), ..all() }).await, ["rake"]);
    assert_eq!(names(shop, Listing { category: Some("none".into()), ..all() }).await, Vec::<String>::new());
    assert_eq!(names(shop, Listing { min_price: Some(300), ..all() }).await, ["mug", "rake"]);
    assert_eq!(names(shop, Listing { max_price: Some(300), ..all() }).await, ["bowl", "mug"]);
    assert_eq!(names(shop, Listing { min_price: Some(101), max_price: Some(499), ..all() }).await, ["mug"]);
    assert_eq!(names(shop, Listing { in_stock: Some(true), ..all() }).await, ["bowl", "rake"]);
    assert_eq!(names(shop, Listing { in_stock: Some(false), ..all() }).await, ["mug"]);
    let both = Listing { search: SearchTerms::parse("rake"), category: Some("kitchen".into()), ..all() };
    assert_eq!(names(shop, both).await, Vec::<String>::new());
}

pub(crate) async fn archived_products_have_a_list_of_their_own(shop: &Shop) {
    let ascending = ["a", "b", "c", "d", "e"];
    for (number, name) in (1_u8..).zip(ascending) {
        shop.add(named("kettle", number.into())).await;
        let category = if name == "e" { "garden".into() } else { moka_pot().category };
        let product = NewProduct { category, ..named(name, number.into()) };
        let by = ByStaff { at: NOW + Duration::from_secs(number.into()), ..by_staff(None) };
        let id = ProductId::new();
        shop.store.add_product(id, product, by).await.unwrap();
        shop.store.archive_product(id, NOW).await.unwrap();
    }
    let archived = || Listing { archived: true, ..Listing::default() };
    for sort in SORTS {
        for limit in [1, 2, 5] {
            let seen = all_pages(shop, Listing { sort, limit, ..archived() }).await;
            let mut seen: Vec<_> = seen.iter().map(|product| product.name.as_str()).collect();
            if matches!(sort, Sort::Newest | Sort::PriceDesc) {
                seen.reverse();
            }
            assert_eq!(seen, ascending, "{sort:?} by {limit}");
        }
    }
    assert_eq!(names(shop, Listing::default()).await, ["kettle"; 5]);
    assert_eq!(names(shop, Listing { category: Some("garden".into()), ..archived() }).await, ["e"]);
    assert_eq!(
        names(shop, Listing { min_price: Some(2), max_price: Some(3), ..archived() }).await,
        ["b", "c"]
    );
    assert_eq!(names(shop, Listing { search: SearchTerms::parse("d"), ..archived() }).await, ["d"]);
    // However much there is of them, they cannot be bought.
    assert_eq!(names(shop, Listing { in_stock: Some(true), ..archived() }).await, Vec::<String>::new());
    assert_eq!(names(shop, Listing { in_stock: Some(false), ..archived() }).await, ascending);
}

pub(crate) async fn a_search_finds_the_beginnings_of_words(shop: &Shop) {
    shop.add(NewProduct { description: "For the hob".into(), ..named("Moka pot", 100) }).await;
    shop.add(NewProduct { description: "Für Crème brûlée".into(), ..named("Brenner", 100) }).await;
    assert_eq!(search(shop, "mok").await, ["Moka pot"]);
    assert_eq!(search(shop, "POT hob").await, ["Moka pot"]);
    assert_eq!(search(shop, "oka").await, Vec::<String>::new());
    assert_eq!(search(shop, "moka brenner").await, Vec::<String>::new());
    assert_eq!(search(shop, "creme brulee").await, ["Brenner"]);
    assert_eq!(search(shop, "CRÈME").await, ["Brenner"]);
    assert_eq!(search(shop, "?!").await, Vec::<String>::new());
    assert_eq!(search(shop, " ").await, ["Brenner", "Moka pot"]);
}

pub(crate) async fn a_search_follows_a_product_that_changes(shop: &Shop) {
    let product = shop.add(named("Moka pot", 100)).await;
    let rename = ProductPatch { name: Some("Kettle".into()), ..ProductPatch::default() };
    shop.store.revise_product(product.id, rename, NOW).await.unwrap();
    assert_eq!(search(shop, "moka").await, Vec::<String>::new());
    assert_eq!(search(shop, "kettle").await, ["Kettle"]);
}

pub(crate) async fn any_text_can_be_searched_for(shop: &Shop) {
    shop.add(named("OR near name", 100)).await;
    let nasty = [
        "\"",
        "\"\"",
        "'",
        "*",
        "a*",
        "^a",
        "AND",
        "OR",
        "NOT",
        "NEAR(a b, 2)",
        "name:moka",
        "{name}: a",
        "(",
        ")",
        "a AND (b",
        "-a",
        "+a",
        "a\\",
        "%",
        "_",
        ";--",
        "\u{0}",
        "\u{301}",
        "Ⓐ",
        "🫖",
        "क्षि",
        "ß",
        "İ",
        "\u{fffd}",
    ];
    for text in nasty {
        search(shop, text).await;
    }
    assert_eq!(search(shop, "OR").await, ["OR near name"]);
}

pub(crate) async fn categories_are_counted(shop: &Shop) {
    shop.add(named("mug", 100)).await;
    shop.add(named("bowl", 100)).await;
    shop.add(NewProduct { category: "garden".into(), ..named("rake", 100) }).await;
    let category = |name: &str, products| Category { name: name.into(), products };
    assert_eq!(shop.store.categories().await.unwrap(), [category("garden", 1), category("kitchen", 2)]);
    assert!(shop.store.has_category("garden").await.unwrap());
    assert!(!shop.store.has_category("attic").await.unwrap());
}
