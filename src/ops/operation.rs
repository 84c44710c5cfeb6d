//! Which operation carries out which request. Adding one is one file and one line in each of these functions.

use super::engine::Begun;
use super::making::Making;
use super::work::Work;
use super::{Connection, abandon, facts, making, passkey_remove, passkey_use, policies};
use crate::catalog::OpLock;
use crate::domain::{Facts, Fault, Plan, Request};

/// What a request would do, given that it may.
pub async fn plan(request: &Request, facts: &Facts, at: &Connection) -> Result<Plan, Fault> {
    let Some(installation) = &facts.installation else { return Err(facts::unlock_first(request.failing())) };
    match request {
        Request::Init(_) => {
            Err(Fault::refused(request.failing(), "the catalog holds an installation already", crate::domain::Act::say("kastellan status")))
        }
        Request::PasskeyAdd(_) | Request::Rotate(_) => Ok(making::plan(request, facts, installation)),
        Request::PasskeyUse(r) => Ok(passkey_use::plan(request, r, installation)),
        Request::PasskeyRemove(r) => Ok(passkey_remove::plan(request, r, facts, installation)),
        Request::PolicyAdd(r) => policies::plan_add(request, r, at).await,
        Request::PolicyRemove(r) => policies::plan_remove(request, r, at).await,
        Request::Resume | Request::Abandon => {
            let Some((_, begun)) = facts::begin(at, installation, None).await? else { return Err(making::nothing(request)) };
            match request {
                Request::Resume => Ok(making::plan_resume(request, &begun, facts, installation)),
                _ => Ok(abandon::plan(request, &begun, installation)),
            }
        }
    }
}

/// Ready to run. `work` has its own keys; `lock` is the operation lock.
pub async fn begin(plan: Plan, facts: &Facts, work: Work, lock: OpLock) -> Result<Begun, Fault> {
    let request = plan.request.clone();
    let operation: Box<dyn super::engine::Operation> = match &request {
        Request::PasskeyUse(r) => Box::new(passkey_use::Using { name: r.name.clone(), work, lock }),
        Request::PasskeyRemove(r) => Box::new(passkey_remove::Removing::new(r.name.clone(), facts, work, lock)),
        Request::PolicyAdd(r) => Box::new(policies::Policies { name: r.name.clone(), add: true, work, lock }),
        Request::PolicyRemove(r) => Box::new(policies::Policies { name: r.name.clone(), add: false, work, lock }),
        Request::Resume | Request::Abandon => {
            let begun = facts::begin(&work.at, &work.installation, Some(&work.grant.metadata)).await?;
            let Some((_, begun)) = begun else { return Err(making::nothing(&request)) };
            if let Request::Resume = request {
                Box::new(Making::resumed(begun, work, lock)?)
            } else {
                abandon::may(&begun, facts)?;
                Box::new(abandon::Abandoning { begun, work, lock })
            }
        }
        Request::Init(_) | Request::PasskeyAdd(_) | Request::Rotate(_) => Box::new(Making::new(&request, work, lock)?),
    };
    Ok(Begun { plan, operation })
}
