//! `SimulatorService`.

use tonic::{Request, Response, Status};
use xueka_api::v1::{
    InsertCardRequest, InsertCardResponse, ListSlotsRequest, ListSlotsResponse, RemoveCardRequest,
    RemoveCardResponse, SimulatorSlot, simulator_service_server::SimulatorService,
};
use xueka_simulator::{Simulator, SimulatorError, SlotInfo, VirtualCard};

use super::served;
use crate::status::ServiceError;

/// Virtual cards on virtual readers.
pub(crate) struct Simulation {
    simulator: Simulator,
}

impl Simulation {
    pub(crate) fn new(simulator: Simulator) -> Self {
        Self { simulator }
    }

    /// Does something to a slot on a thread that may block, and answers with
    /// what is in the slot then.
    async fn change<F>(&self, slot: u32, act: F) -> Result<SimulatorSlot, ServiceError>
    where
        F: FnOnce(&Simulator, usize) -> Result<(), SimulatorError> + Send + 'static,
    {
        let simulator = self.simulator.clone();
        let index = usize::try_from(slot).unwrap_or(usize::MAX);
        let done = tokio::task::spawn_blocking(move || {
            act(&simulator, index)?;
            let found = simulator
                .slots()
                .into_iter()
                .find(|info| info.slot == index);
            Ok::<_, SimulatorError>(found)
        });
        let found = done
            .await
            .map_err(|_| ServiceError::Internal("the simulator's thread died"))??;
        found
            .map(slot_message)
            .ok_or(ServiceError::Internal("a slot disappeared"))
    }

    async fn insert(&self, request: InsertCardRequest) -> Result<InsertCardResponse, ServiceError> {
        let InsertCardRequest { slot, description } = request;
        let insert = move |simulator: &Simulator, index| {
            simulator.insert(index, VirtualCard::from_toml(&description)?)
        };
        let slot = Some(self.change(slot, insert).await?);
        Ok(InsertCardResponse { slot })
    }

    async fn remove(&self, request: RemoveCardRequest) -> Result<RemoveCardResponse, ServiceError> {
        let slot = Some(self.change(request.slot, Simulator::remove).await?);
        Ok(RemoveCardResponse { slot })
    }
}

fn slot_message(info: SlotInfo) -> SimulatorSlot {
    SimulatorSlot {
        slot: u32::try_from(info.slot).unwrap_or(u32::MAX),
        attached_to: info.attached_to,
        card_kind: info.card_kind.map(ToString::to_string).unwrap_or_default(),
    }
}

#[tonic::async_trait]
impl SimulatorService for Simulation {
    async fn list_slots(
        &self,
        _: Request<ListSlotsRequest>,
    ) -> Result<Response<ListSlotsResponse>, Status> {
        let slots = self.simulator.slots().into_iter().map(slot_message);
        Ok(Response::new(ListSlotsResponse {
            slots: slots.collect(),
        }))
    }

    async fn insert_card(
        &self,
        request: Request<InsertCardRequest>,
    ) -> Result<Response<InsertCardResponse>, Status> {
        served(request, |_, request| self.insert(request)).await
    }

    async fn remove_card(
        &self,
        request: Request<RemoveCardRequest>,
    ) -> Result<Response<RemoveCardResponse>, Status> {
        served(request, |_, request| self.remove(request)).await
    }
}
