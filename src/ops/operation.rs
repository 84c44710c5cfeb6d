//! Which operation carries out which request. Adding one is one file and one line in each of these functions.

use super::engine::Begun;
use super::making::Making;
use super::work::Work;
use super::{Connection, abandon, artifacts, dr, facts, kit, locations, making, migration, passkey_remove, passkey_use, policies};
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
        Request::LocationAdd(r) => Ok(locations::plan_add(request, r)),
        Request::LocationForget(r) => locations::plan_forget(request, r, at),
        Request::Seal(r) => Ok(artifacts::plan_seal(request, r)),
        Request::ArtifactCopy(r) => Ok(artifacts::plan_copy(request, r)),
        Request::ArtifactRemove(r) => artifacts::plan_remove(request, r, at, installation),
        Request::Rescan(r) => Ok(artifacts::plan_rescan(request, r)),
        Request::Sweep(r) => Ok(artifacts::plan_sweep(request, r)),
        Request::Export(r) => migration::plan_export(request, r, facts, at, installation),
        Request::Import(r) => migration::plan_import(request, r, facts),
        Request::DrEnable(r) => Ok(dr::plan_enable(request, r, facts, installation)),
        Request::DrArchive(r) => Ok(dr::plan_archive(request, r, facts)),
        Request::DrChange(r) => Ok(dr::plan_change(request, r, facts, installation)),
        Request::DrPrune(r) => Ok(dr::plan_prune(request, r, facts, installation)),
        Request::DrTakeOver => Ok(dr::plan_take_over(request, installation)),
        Request::DrDisable => Ok(dr::plan_disable(request, facts, installation)),
        Request::KitMake(r) => Ok(kit::plan(request, r, facts, installation)),
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
pub async fn begin(plan: Plan, facts: &Facts, work: Work, lock: Option<OpLock>) -> Result<Begun, Fault> {
    let request = plan.request.clone();
    let operation: Box<dyn super::engine::Operation> = match &request {
        Request::PasskeyUse(r) => Box::new(passkey_use::Using { name: r.name.clone(), work, lock }),
        Request::PasskeyRemove(r) => Box::new(passkey_remove::Removing::new(r.name.clone(), facts, work, lock)),
        Request::PolicyAdd(r) => Box::new(policies::Policies { name: r.name.clone(), add: true, work, lock }),
        Request::PolicyRemove(r) => Box::new(policies::Policies { name: r.name.clone(), add: false, work, lock }),
        Request::LocationAdd(r) => Box::new(locations::Adding { add: r.clone(), probed: None, work, lock }),
        Request::LocationForget(r) => Box::new(locations::Forgetting { name: r.name.clone(), work, lock }),
        Request::Seal(r) => Box::new(artifacts::Sealing { seal: r.clone(), work, made: None }),
        Request::ArtifactCopy(r) => Box::new(artifacts::Copying { copy: r.clone(), work, copied: (0, 0), present: 0 }),
        Request::ArtifactRemove(r) => Box::new(artifacts::Removing { remove: r.clone(), work, removed: Vec::new(), lock }),
        Request::Rescan(r) => Box::new(artifacts::Rescanning { location: r.location.clone(), work, tally: artifacts::Tally::default() }),
        Request::Sweep(r) => Box::new(artifacts::Sweeping { sweep: r.clone(), work, swept: (0, 0), unknown: 0, lock }),
        Request::Export(r) => Box::new(migration::Exporting::new(&request, r.clone(), facts, work, lock)?),
        Request::DrEnable(_) | Request::DrChange(_) => Box::new(dr::Enabling::new(request.clone(), work, lock)),
        Request::DrArchive(_) => Box::new(dr::Archiving { work, made: Vec::new(), lines: Vec::new(), lock }),
        Request::DrPrune(r) => Box::new(dr::Pruning { prune: r.clone(), work, removed: 0, lock }),
        Request::DrTakeOver | Request::DrDisable => Box::new(dr::Switching { request: request.clone(), work, lock }),
        Request::Import(r) => Box::new(migration::Importing::new(r.clone(), facts, work, lock)),
        Request::KitMake(r) => Box::new(kit::Making::new(r.clone(), facts, work, lock)),
        Request::Resume | Request::Abandon => {
            let begun = facts::begin(&work.at, &work.installation, Some(&work.grant.metadata)).await?;
            let Some((_, begun)) = begun else { return Err(making::nothing(&request)) };
            if let Request::Resume = request {
                Box::new(Making::resumed(begun, facts, work, lock)?)
            } else {
                abandon::may(&begun, facts)?;
                Box::new(abandon::Abandoning { begun, work, lock })
            }
        }
        Request::Init(_) | Request::PasskeyAdd(_) | Request::Rotate(_) => Box::new(Making::new(&request, work, lock)?),
    };
    Ok(Begun { plan, operation })
}
