//! Swagger UI, from the files in the binary: it works offline.

use std::{io::Cursor, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use rocket::{
    Data, Request, Response,
    http::{ContentType, Status},
    route::{Handler, Outcome},
};
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::http::{Problem, refusal::refuse};

/// The page at `/docs/`, and its files. Everything in it is relative, so it need not know its prefix.
#[derive(Clone)]
pub(super) struct Docs(Arc<Config<'static>>);

impl Docs {
    pub(super) fn new() -> Self {
        let config = Config::from("../openapi.json").try_it_out_enabled(true);
        // Else the page asks a server on the internet whether the document is valid.
        Self(Arc::new(config.validator_url("none")))
    }
}

#[async_trait]
impl Handler for Docs {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        if request.uri().path().ends_with("/docs") {
            // Relative: a proxy may have taken a prefix off, and the client is where the prefix still is.
            let response = Response::build()
                .status(Status::TemporaryRedirect)
                .raw_header("Location", "docs/")
                .finalize();
            return Outcome::Success(response);
        }
        let file: PathBuf = request.segments(1..).unwrap_or_default();
        match utoipa_swagger_ui::serve(&file.to_string_lossy(), Arc::clone(&self.0)) {
            Ok(Some(file)) => Outcome::Success(answer(file)),
            Ok(None) => Outcome::Error(refuse(request, Problem::not_found("file"))),
            Err(error) => {
                tracing::error!(error, "a file of Swagger UI could not be served");
                Outcome::Error(refuse(request, Problem::internal()))
            }
        }
    }
}

fn answer(file: SwaggerFile<'_>) -> Response<'static> {
    let content_type = ContentType::parse_flexible(&file.content_type).unwrap_or(ContentType::Binary);
    let mut response = Response::build();
    response.header(content_type);
    if file.gzpipped {
        response.raw_header("Content-Encoding", "gzip");
    }
    let bytes = file.bytes.into_owned();
    response.sized_body(bytes.len(), Cursor::new(bytes)).finalize()
}
