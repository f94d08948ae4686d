//! `/orders/{id}/events`: an order's progress as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::{sync::Arc, time::Duration};

use contracts::OrderId;
use futures::stream::BoxStream;
use platform::http::{Caller, Id, Problem, guarded};
use rocket::{
    Either, Request, Route, Shutdown, State, get,
    http::Status,
    request::{self, FromRequest},
    response::stream::{Event, EventStream},
    routes,
};
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::orders::{TimelineItem, viewer};
use crate::{
    Shopping,
    domain::{Timeline, TimelineEntry},
    progress,
    queries::{self, Viewer},
};

/// How often the store is looked at: another instance may have moved the order.
const POLL: Duration = Duration::from_millis(500);
/// How long one answer follows an order. A client that wants more comes again, with `Last-Event-ID`.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How often a line goes out when there is nothing to tell, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![follow]
}

/// The number of the last step that the client has seen.
pub(super) struct LastEventId(u32);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastEventId {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let header = request.headers().get_one("Last-Event-ID");
        // The document's integers end there.
        let number = |id: &str| id.parse().ok().filter(|&id: &u32| i32::try_from(id).is_ok());
        let seen = header.map_or(Some(0), number);
        let malformed = || Problem::bad_request("Last-Event-ID has to be the number of a step.");
        guarded(request, seen.map(Self).ok_or_else(malformed))
    }
}

/// An event of the stream, by its fields.
#[derive(ToSchema)]
#[expect(dead_code, reason = "what is sent is built by Rocket; this is what the document says of it")]
pub(super) struct StatusEvent {
    /// The number of the step, to be sent back as `Last-Event-ID`.
    #[schema(example = "4")]
    id: String,
    /// Always `status`.
    #[schema(example = "status")]
    event: String,
    /// The step as JSON: when it was taken (`at`), where the order stood then (`status`), and what happened (`note`).
    #[schema(
        content_media_type = "application/json",
        example = r#"{"at":"2026-11-25T08:56:24.103217Z","status":"confirmed","note":"The order is confirmed."}"#
    )]
    data: String,
}

/// The steps of an order as they are taken; or 204, on which a client does not connect again.
type Following = Either<EventStream<BoxStream<'static, Event>>, Status>;

/// An order's progress, as it happens
///
/// One event `status` for each step of the timeline, with its number as the event's id. The stream ends when the checkout
/// has: confirmed, rejected, declined or cancelled. Then, and to a client that has seen it all, 204 says that
/// there is no more to come.
#[utoipa::path(
    tag = "orders",
    params(
        ("id" = OrderId, Path),
        ("Last-Event-ID" = Option<u32>, Header, description = "The last step that was seen"),
    ),
    responses(
        (status = 200, description = "A stream of such events", body = StatusEvent, content_type = "text/event-stream"),
        (status = 204, description = "No more to come"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "None, or somebody else's", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[get("/orders/<id>/events")]
pub(super) async fn follow(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    id: Id<OrderId>,
    seen: LastEventId,
    shutdown: Shutdown,
) -> Result<Following, Problem> {
    // Before the first look, so that no step falls between the two.
    let progress = shopping.progress.follow(id.0);
    let viewer = viewer(&caller.0);
    let timeline = queries::get_timeline(shopping, viewer, id.0, seen.0).await?;
    let Timeline { status, steps, .. } = timeline.ok_or_else(|| Problem::not_found("order"))?;
    if status.is_settled() && steps.is_empty() {
        return Ok(Either::Right(Status::NoContent));
    }
    let follower = Follower {
        shopping: Arc::clone(shopping),
        progress,
        viewer,
        order_id: id.0,
        settled: status.is_settled(),
        seen: seen.0,
        until: Instant::now() + LONGEST,
    };
    Ok(Either::Left(EventStream::from(follower.follow(steps, shutdown)).heartbeat(None)))
}

struct Follower {
    shopping: Arc<Shopping>,
    progress: progress::Following,
    viewer: Viewer,
    order_id: OrderId,
    /// Whether the last step that was told, or the order when it was last looked at, is the end of the checkout.
    settled: bool,
    seen: u32,
    until: Instant,
}

impl Follower {
    fn follow(mut self, mut steps: Vec<TimelineEntry>, shutdown: Shutdown) -> BoxStream<'static, Event> {
        Box::pin(async_stream::stream! {
            let mut shutdown = shutdown;
            loop {
                for step in steps.drain(..) {
                    self.seen = step.number;
                    self.settled |= step.status.is_settled();
                    yield event(step);
                }
                if self.settled || Instant::now() >= self.until {
                    break;
                }
                let next = tokio::select! {
                    next = self.next_steps() => next,
                    () = &mut shutdown => break,
                };
                match next {
                    Some(next) if next.is_empty() => yield Event::comment("still there"),
                    Some(next) => steps = next,
                    None => break,
                }
            }
        })
    }

    /// The next steps, or none once it is time for a sign of life.
    ///
    /// # Returns
    /// `None` if there are no more to be told: the store cannot be read, and the client comes again and goes on from what it
    /// has seen; or it may not see the order any more; or it says that it has seen all there will be, and more.
    async fn next_steps(&mut self) -> Option<Vec<TimelineEntry>> {
        let heartbeat = Instant::now() + HEARTBEAT;
        while Instant::now() < heartbeat {
            if let Ok(Some(step)) = timeout(POLL, self.progress.next(self.seen)).await {
                return Some(vec![step]);
            }
            let steps = queries::steps_since(&self.shopping, self.viewer, self.order_id, self.seen).await;
            let failed =
                |error: &_| tracing::warn!(order_id = %self.order_id, %error, "an order cannot be followed");
            let steps = steps.inspect_err(failed).ok()??;
            if !steps.is_empty() {
                return Some(steps);
            }
        }
        Some(Vec::new())
    }
}

fn event(step: TimelineEntry) -> Event {
    let id = step.number.to_string();
    Event::json(&TimelineItem::from(step)).event("status").id(id)
}
