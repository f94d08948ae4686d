//! The description of the routes is the one that was reviewed.

#[test]
fn the_description_is_the_one_that_was_reviewed() {
    insta::assert_json_snapshot!(customer::openapi());
}
