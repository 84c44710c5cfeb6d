//! AWS's standard chain of credentials: environment, profiles, SSO, a credential process, web identity, ECS, IMDS. Asked when first needed.

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials are asked for anew so long before they expire.
const EARLY: Duration = Duration::from_mins(5);

/// The chain, with what it last said.
pub struct Chain {
    deadline: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    provider: Option<SharedCredentialsProvider>,
    known: Option<(Arc<AwsCredential>, Option<SystemTime>)>,
}

impl Chain {
    pub fn new(deadline: Duration) -> Self {
        Self { deadline, state: Mutex::default() }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain")
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut state = self.state.lock().await;
        let fresh = |expiry: &Option<SystemTime>| expiry.is_none_or(|at| SystemTime::now() + EARLY < at);
        if let Some((known, expiry)) = &state.known
            && fresh(expiry)
        {
            return Ok(known.clone());
        }
        let asked = async {
            if state.provider.is_none() {
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
                state.provider = config.credentials_provider();
            }
            match &state.provider {
                Some(provider) => provider.provide_credentials().await.map_err(|e| none(&chain_of(&e))),
                None => Err(none("no source of credentials is set up")),
            }
        };
        let found = tokio::time::timeout(self.deadline, asked).await.map_err(|_| none("no source of credentials answered in time"))??;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        state.known = Some((credential.clone(), found.expiry()));
        Ok(credential)
    }
}

/// The outermost and the innermost cause, which never hold a secret.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    format!("{error}: {inner}")
}

fn none(why: &str) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: format!("no AWS credentials: {why}").into() }
}
