//! Taking the questions to a service, and answering them.

use std::sync::Arc;

use bytes::Bytes;
use contracts::Service;
use futures::{StreamExt as _, stream::FuturesUnordered};
use lapin::{
    BasicProperties, Channel, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions,
        BasicQosOptions,
    },
    types::{FieldTable, ShortString},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{question_wire, session::Session, topology};
use crate::{
    Clock,
    messaging::{RpcError, RpcRequest, end::End},
};

/// The questions to one service, as one instance takes them.
struct Answering {
    service: Service,
    channel: Channel,
    replies: Channel,
    requests: mpsc::Sender<RpcRequest>,
    places: Arc<Semaphore>,
    clock: Clock,
    end: End,
}

/// What is to be done with a question.
enum Next {
    /// Answer it, once the service has.
    Wait(oneshot::Receiver<Result<Bytes, RpcError>>, OwnedSemaphorePermit),
    /// Answer it at once.
    Refuse(RpcError),
    /// Nobody waits for the answer any more.
    Forget,
    /// Another instance is to have it.
    GiveBack,
}

/// Starts to take the questions to `service`, with at most `window` of them unanswered.
///
/// # Errors
/// [`lapin::Error`].
pub(super) async fn serve(
    session: &Session,
    service: Service,
    window: usize,
    clock: Clock,
) -> lapin::Result<mpsc::Receiver<RpcRequest>> {
    let window = window.max(1);
    let channel = session.consuming.create_channel().await?;
    let queue = topology::declare_questions(&channel, &session.names, service).await?;
    // As many again as the window come only to be told that the service is busy. They are acknowledged like the others,
    // after their answer, so that a flood stays in the broker, and a killed instance's questions go to another.
    let prefetch = u16::try_from(window * 2).unwrap_or(u16::MAX);
    channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
    let (tag, options) = (ShortString::default(), BasicConsumeOptions::default());
    let questions = channel.basic_consume(queue, tag, options, FieldTable::default()).await?;
    let (requests, receiver) = mpsc::channel(window);
    let replies = session.answers.clone();
    let (places, end) = (Arc::new(Semaphore::new(window)), session.end.clone());
    let answering = Answering { service, channel, replies, requests, places, clock, end };
    tokio::spawn(answering.run(questions));
    Ok(receiver)
}

impl Answering {
    async fn run(self, mut questions: Consumer) {
        let mut answers = FuturesUnordered::new();
        let (mut taking, mut more) = (true, true);
        while more || !answers.is_empty() {
            tokio::select! {
                biased;
                () = self.end.wait() => return,
                Some(answered) = answers.next() => if let Err(error) = answered {
                    self.end.because(error);
                },
                () = self.requests.closed(), if taking => {
                    taking = false;
                    let cancel = self.channel.basic_cancel(questions.tag(), BasicCancelOptions::default());
                    if let Err(error) = cancel.await {
                        self.end.because(error);
                    }
                }
                question = questions.next(), if more => match question {
                    Some(Ok(mut question)) => {
                        let next = self.take(&mut question);
                        answers.push(self.finish(question, next));
                    }
                    Some(Err(error)) => self.end.because(error),
                    None if taking => self.end.because("a queue of questions is gone"),
                    None => more = false,
                },
            }
        }
    }

    fn take(&self, question: &mut Delivery) -> Next {
        if self.requests.is_closed() {
            return Next::GiveBack;
        }
        let call = match question_wire::call(self.service, question) {
            Ok(call) => call,
            Err(reason) => return Next::Refuse(RpcError::Invalid(reason)),
        };
        if call.deadline.since(self.clock.now()).is_zero() {
            metrics::counter!("rpc_late_total", "service" => self.service.name()).increment(1);
            return Next::Forget;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Next::Refuse(RpcError::Busy(self.service.to_string()));
        };
        let (reply, answer) = oneshot::channel();
        // It has room for all who have a place.
        match self.requests.try_send(RpcRequest { call, reply }) {
            Ok(()) => Next::Wait(answer, place),
            Err(_) => Next::GiveBack,
        }
    }

    async fn finish(&self, question: Delivery, next: Next) -> lapin::Result<()> {
        let tag = question.delivery_tag;
        let (answer, _place) = match next {
            Next::Wait(answer, place) => match answer.await {
                Ok(answer) => (answer, Some(place)),
                // It stops, and has dropped what it had not begun.
                Err(_) if self.requests.is_closed() => return self.give_back(tag).await,
                Err(_) => {
                    (Err(RpcError::Failed(format!("{} dropped the question", self.service))), Some(place))
                }
            },
            Next::Refuse(error) => (Err(error), None),
            Next::Forget => return self.channel.basic_ack(tag, BasicAckOptions::default()).await,
            Next::GiveBack => return self.give_back(tag).await,
        };
        self.reply(&question.properties, answer).await?;
        self.channel.basic_ack(tag, BasicAckOptions::default()).await
    }

    async fn reply(&self, asked: &BasicProperties, answer: Result<Bytes, RpcError>) -> lapin::Result<()> {
        let Some(reply_to) = asked.reply_to().clone() else { return Ok(()) };
        let (properties, payload) = question_wire::reply(asked, answer);
        let options = BasicPublishOptions::default();
        self.replies.basic_publish(ShortString::default(), reply_to, options, &payload, properties).await?;
        Ok(())
    }

    async fn give_back(&self, tag: u64) -> lapin::Result<()> {
        self.channel.basic_nack(tag, BasicNackOptions { multiple: false, requeue: true }).await
    }
}
