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
        // A file of something else in PEM, such as a key, has none to complain of.
        let certificates = Certificate::from_pem_bundle(&pem).ok().filter(|all| !all.is_empty()).ok_or_else(|| {
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
    }
    let in_host = in_host(target);
    builder = builder.with_virtual_hosted_style_request(in_host);
    // AWS's own address is the client's to make; another one it takes to have the bucket in it.
    builder = match target.endpoint.as_ref().map(Text::raw) {
        Some(endpoint) if in_host => builder.with_endpoint(with_bucket(endpoint, target.bucket.raw())),
        Some(endpoint) => builder.with_endpoint(endpoint),
        None => builder,
    };
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

/// Whether the bucket stands before the host's name. It stands in the path where that was asked for, because an address in numbers has no
/// names below it, because a name below localhost may be another machine's, or because no certificate is for a bucket with a dot in its name.
fn in_host(target: &S3Target) -> bool {
    let named = |endpoint: &Text| host(endpoint.raw()).is_some_and(|host| host != "localhost" && host.parse::<IpAddr>().is_err());
    !target.path_style && !target.bucket.raw().contains('.') && target.endpoint.as_ref().is_none_or(named)
}

/// An endpoint with the bucket before its host's name, where it is not there already.
fn with_bucket(endpoint: &str, bucket: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let there = rest.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'));
    if there { endpoint.to_owned() } else { format!("{scheme}://{bucket}.{rest}") }
}

/// Whether an endpoint is on this machine.
fn loopback(endpoint: &str) -> bool {
    host(endpoint).is_some_and(|host| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// The host of an endpoint, without port and brackets; None where a user stands before it, and so another host behind.
fn host(endpoint: &str) -> Option<&str> {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return None;
    }
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    }
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

    /// Where an object of this target is asked for, and for which region that is signed.
    async fn asked(target: S3Target) -> (String, String) {
        use object_store::signer::Signer;
        let target = S3Target { access_key_id: Some("AK".into()), ..target };
        let secret = Passphrase::entered(b"sk").unwrap();
        let client = client(&target, Some(&secret), Duration::from_secs(1), &"x".into()).unwrap();
        let url = client.signed_url("GET".parse().unwrap(), &"dr/x".into(), Duration::from_secs(1)).await.unwrap().to_string();
        let (address, signed) = url.split_once('?').unwrap();
        let scope = signed.split_once("X-Amz-Credential=AK%2F").unwrap().1;
        (address.to_owned(), scope.split("%2F").nth(1).unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_bucket_stands_before_the_host_or_in_the_path() {
        let target = |bucket: &str, endpoint: Option<&str>, path_style| S3Target {
            bucket: bucket.into(),
            endpoint: endpoint.map(Into::into),
            region: Some("eu-west-7".into()),
            path_style,
            ..S3Target::default()
        };
        let minio = Some("https://minio.example:9000");
        for (target, wanted) in [
            (target("backups", None, false), "https://backups.s3.eu-west-7.amazonaws.com/dr/x"),
            (target("backups", None, true), "https://s3.eu-west-7.amazonaws.com/backups/dr/x"),
            (target("backups", minio, false), "https://backups.minio.example:9000/dr/x"),
            (target("backups", minio, true), "https://minio.example:9000/backups/dr/x"),
            (target("backups", Some("https://backups.minio.example"), false), "https://backups.minio.example/dr/x"),
            (target("backups", Some("https://10.0.0.7:9000"), false), "https://10.0.0.7:9000/backups/dr/x"),
            (target("backups", Some("https://[fd00::7]:9000"), false), "https://[fd00::7]:9000/backups/dr/x"),
            (target("backups", Some("http://localhost:9000"), false), "http://localhost:9000/backups/dr/x"),
            (target("my.backups", None, false), "https://s3.eu-west-7.amazonaws.com/my.backups/dr/x"),
        ] {
            assert_eq!(asked(target).await, (wanted.to_owned(), "eu-west-7".to_owned()));
        }
    }

    #[test]
    fn plain_http_beyond_this_machine_is_refused() {
        let target = S3Target { bucket: "backups".into(), endpoint: Some("http://minio.example:9000".into()), ..S3Target::default() };
        let fault = client(&target, None, Duration::from_secs(1), &"x".into()).err().unwrap();
        assert_eq!(fault.kind, Kind::Refused);
    }
}
