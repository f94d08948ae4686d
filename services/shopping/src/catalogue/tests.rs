use contracts::{Money, Service, rpc::FoundProducts};
use futures::future::join_all;
use platform::{
    Clock,
    messaging::{Broker, MemoryBroker, RpcRequest},
};
use tokio::sync::mpsc;

use super::*;

/// A catalogue, and the questions that products gets.
async fn asked() -> (Arc<Catalogue>, mpsc::Receiver<RpcRequest>) {
    let broker: Arc<dyn Broker> = Arc::new(MemoryBroker::new(Clock::system()));
    let questions = broker.serve(Service::Products, 16).await.unwrap();
    let rpc = RpcClient::new(broker, Clock::system(), Duration::from_secs(5));
    (Arc::new(Catalogue::new(rpc)), questions)
}

fn ids_of(question: &RpcRequest) -> Vec<ProductId> {
    serde_json::from_slice::<FindProducts>(&question.call.payload).unwrap().ids
}

/// Answers with a product for each id.
fn answer(question: RpcRequest) {
    let snapshot = |id| ProductSnapshot {
        id,
        name: "Cup".to_owned(),
        price: Money::new(500, contracts::Currency::EUR),
        available: 1,
        archived: false,
    };
    let products = ids_of(&question).into_iter().map(snapshot).collect();
    question.reply.send(Ok(serde_json::to_vec(&FoundProducts { products }).unwrap().into())).unwrap();
}

fn ask(catalogue: &Arc<Catalogue>, ids: Vec<ProductId>) -> tokio::task::JoinHandle<Vec<ProductId>> {
    let catalogue = Arc::clone(catalogue);
    tokio::spawn(async move {
        let mut found: Vec<ProductId> =
            catalogue.find(&ids).await.unwrap().iter().map(|product| product.id).collect();
        found.sort_unstable();
        found
    })
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_meanwhile_share_a_question_and_get_their_own_products() {
    let (catalogue, mut questions) = asked().await;
    let (cup, pot, tray) = (ProductId::new(), ProductId::new(), ProductId::new());
    let first = ask(&catalogue, vec![cup]);
    let unanswered = questions.recv().await.unwrap();
    assert_eq!(ids_of(&unanswered), [cup]);

    let wanted = [vec![cup], vec![pot], vec![cup, tray]];
    let others: Vec<_> = wanted.iter().map(|ids| ask(&catalogue, ids.clone())).collect();
    // The first is not answered yet: nobody waits for it longer than a moment.
    let shared = questions.recv().await.unwrap();
    assert_eq!(ids_of(&shared), [cup, pot, tray]);
    answer(shared);
    for (found, wanted) in join_all(others).await.into_iter().zip(wanted) {
        assert_eq!(found.unwrap(), wanted);
    }
    answer(unanswered);
    assert_eq!(first.await.unwrap(), [cup]);
    assert!(questions.try_recv().is_err(), "there was a question too many");
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_answers_nobody_who_comes_later() {
    let (catalogue, mut questions) = asked().await;
    let cup = ProductId::new();
    for _ in 0..2 {
        let asking = ask(&catalogue, vec![cup]);
        answer(questions.recv().await.unwrap());
        assert_eq!(asking.await.unwrap(), [cup]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_nobodys_answer_along() {
    let (catalogue, mut questions) = asked().await;
    let (cup, pot) = (ProductId::new(), ProductId::new());
    let leaving = ask(&catalogue, vec![cup]);
    let staying = ask(&catalogue, vec![pot]);
    tokio::task::yield_now().await;
    leaving.abort();
    answer(questions.recv().await.unwrap());
    assert_eq!(staying.await.unwrap(), [pot]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_all_who_asked() {
    let (catalogue, mut questions) = asked().await;
    let (one, other) = ([ProductId::new()], [ProductId::new()]);
    let refuse = async { questions.recv().await.unwrap().reply.send(Err(RpcError::Busy("products".into()))) };
    let (one, other, refused) = tokio::join!(catalogue.find(&one), catalogue.find(&other), refuse);
    refused.unwrap();
    assert_eq!(
        (one, other),
        (Err(RpcError::Busy("products".into())), Err(RpcError::Busy("products".into())))
    );
}
