//! The request to stop: made once by whoever gave up on the work, seen by everything that does it.

use tokio::sync::watch;

/// The end that asks for the stop. Dropping it asks for nothing.
#[derive(Debug)]
pub struct CancelHandle(watch::Sender<bool>);

/// The end that is asked. Clones see the same request.
#[derive(Clone, Debug)]
pub struct CancelToken(watch::Receiver<bool>);

impl CancelHandle {
    /// A handle and the token that it cancels.
    pub fn new() -> (Self, CancelToken) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), CancelToken(receiver))
    }

    /// Another token of this handle.
    pub fn token(&self) -> CancelToken {
        CancelToken(self.0.subscribe())
    }

    /// Asks every token's holder to stop; asking again changes nothing.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl CancelToken {
    /// A token that nobody cancels.
    pub fn never() -> Self {
        CancelHandle::new().1
    }

    /// Whether the stop was asked for.
    pub fn is_canceled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once the stop is asked for; never, if the handle was dropped without asking.
    pub async fn canceled(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|canceled| *canceled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_reaches_every_token() {
        let (handle, first) = CancelHandle::new();
        let (second, late) = (first.clone(), handle.token());
        assert!(!first.is_canceled());
        handle.cancel();
        handle.cancel();
        for token in [first, second, late, handle.token()] {
            token.canceled().await;
            assert!(token.is_canceled());
        }
    }

    #[tokio::test]
    async fn a_dropped_handle_is_no_request() {
        let token = CancelToken::never();
        let waited = tokio::time::timeout(std::time::Duration::from_millis(20), token.canceled()).await;
        assert!(waited.is_err() && !token.is_canceled());
    }
}
