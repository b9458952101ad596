//! The `oauth2` crate over our one HTTP client.

use std::pin::Pin;
use std::sync::Mutex;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use secrecy::SecretString;

use super::Microsoft;
use super::classify::Flow;
use super::entra::refusal;
use super::failure::Failure;
use super::http::Answer;

/// The `oauth2` crate's way to the network. What that crate does not pass on is left in `slot`. A struct, because a
/// closure's future cannot be shown to be `Send` in a handler.
pub(super) struct OAuthHttp<'a> {
    microsoft: &'a Microsoft,
    flow: Flow,
    keep_out: Vec<SecretString>,
    slot: Mutex<Option<Answer>>,
}

impl<'c> AsyncHttpClient<'c> for OAuthHttp<'_> {
    type Error = Box<Failure>;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Box<Failure>>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl<'a> OAuthHttp<'a> {
    /// A way that keeps `keep_out` out of whatever comes back.
    pub(super) fn new(microsoft: &'a Microsoft, flow: Flow, keep_out: Vec<SecretString>) -> Self {
        Self { microsoft, flow, keep_out, slot: Mutex::new(None) }
    }

    /// What came, if anything did.
    pub(super) fn answer(self) -> Option<Answer> {
        self.slot.into_inner().ok().flatten()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Box<Failure>> {
        let unformed = |_| self.microsoft.unformed();
        let request = reqwest::Request::try_from(request).map_err(unformed)?;
        let answer = self.microsoft.exchange(request, self.keep_out.clone()).await?;
        if answer.is_busy() {
            return Err(refusal(&answer, self.flow));
        }
        let mut response = HttpResponse::new(answer.body.clone());
        *response.status_mut() = answer.status;
        if let Ok(mut slot) = self.slot.lock() {
            *slot = Some(answer);
        }
        Ok(response)
    }
}
