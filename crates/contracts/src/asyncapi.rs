//! The AsyncAPI 3 document of what the services say to each other, made from the types themselves.
