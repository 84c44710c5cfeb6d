//! The client of a target.

use super::chain::Chain;
use crate::crypto::Passphrase;
use crate::domain::{Act, Fault, Kind, S3Target, Text};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How often a request is tried again.
const RETRIES: usize = 5;
/// The region where nothing names one.
const REGION: &str = "us-east-1";

pub fn client(target: &S3Target, secret: Option<&Passphrase>, deadline: Duration, place: &Text) -> Result<AmazonS3, Fault> {
    let refuse = |kind, cause: String, next: &str| Fault::new(kind, format!("cannot use {place}"), cause, Act::say(next));
    let mut options = ClientOptions::new().with_connect_timeout(CONNECT.min(deadline)).with_read_timeout(deadline).with_timeout_disabled();
    if let Some(file) = &target.ca_file {
        let pem = std::fs::read(Path::new(file.raw())).map_err(|e| {
            refuse(
                Kind::NotFound,
                format!("its certificate file {file}: {}", crate::host::why(&e)),
                "name the file with its CA's certificates, PEM",
            )
        })?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| {
            refuse(Kind::Usage, format!("{file} holds no certificates in PEM"), "name the file with its CA's certificates, PEM")
        })?;
        for certificate in certificates {
            options = options.with_root_certificate(certificate);
        }
    }
    let region = target.region.as_ref().map(|region| region.raw().to_owned());
    let region = region.or_else(|| std::env::var("AWS_REGION").ok()).or_else(|| std::env::var("AWS_DEFAULT_REGION").ok());
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(target.bucket.raw())
        .with_region(region.unwrap_or_else(|| REGION.to_owned()))
        .with_virtual_hosted_style_request(!target.path_style)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: deadline });
    if let Some(endpoint) = &target.endpoint {
        let endpoint = endpoint.raw();
        if endpoint.starts_with("http://") {
            if !loopback(endpoint) {
                let cause = "its endpoint is plain http, where everybody on the way sees what is sent".to_owned();
                return Err(refuse(Kind::Refused, cause, "use https:// (http:// only on this machine itself)"));
            }
            options = options.with_allow_http(true);
        }
        builder = builder.with_endpoint(endpoint);
    }
    builder = match (&target.access_key_id, secret) {
        (Some(id), Some(secret)) => {
            let secret = std::str::from_utf8(secret.expose())
                .map_err(|_| refuse(Kind::Secret, "its secret key is no text".into(), "give it again"))?;
            builder.with_access_key_id(id.raw()).with_secret_access_key(secret)
        }
        (Some(id), None) => {
            let next = "kastellan location forget it, then add it with --secret-key-file";
            return Err(refuse(Kind::Secret, format!("the secret key of {id} is not here"), next));
        }
        (None, _) => builder.with_credentials(Arc::new(Chain::new(deadline))),
    };
    builder.with_client_options(options).build().map_err(|e| refuse(Kind::Usage, e.to_string(), "look at its endpoint, bucket and region"))
}

/// Whether an endpoint is on this machine.
fn loopback(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an `@` would be a user, and another host behind it.
    if host.contains('@') {
        return false;
    }
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for good in ["http://127.0.0.1:9000", "http://localhost", "http://[::1]:80/x", "http://127.9.9.9/"] {
            assert!(loopback(good), "{good}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://127.0.0.1@evil.example",
            "http://evil.example/127.0.0.1",
            "http://",
        ] {
            assert!(!loopback(bad), "{bad}");
        }
    }

    #[test]
    fn plain_http_beyond_this_machine_is_refused() {
        let target = S3Target { bucket: "backups".into(), endpoint: Some("http://minio.example:9000".into()), ..S3Target::default() };
        let fault = client(&target, None, Duration::from_secs(1), &"x".into()).err().unwrap();
        assert_eq!(fault.kind, Kind::Refused);
    }
}
