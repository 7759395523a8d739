//! A network with its inputs checked, run batch by batch.

use std::path::{Path, PathBuf};

use super::error::ModelError;
use super::inputs::InputPlan;
use super::network::{self, Network, RunSettings, Tensor};
use super::outputs::Outputs;
use super::spec::InputSpec;
use crate::tracker::patch::{Patch, Pixels};

/// A network and how it is fed.
pub(super) struct Runner {
    file: PathBuf,
    network: Box<dyn Network>,
    plan: InputPlan,
    input: InputSpec,
}

impl Runner {
    /// Loads a network and checks its inputs.
    pub(super) fn load(file: &Path, input: &InputSpec, settings: &RunSettings) -> Result<Self, ModelError> {
        let network = network::load(file, settings)?;
        let plan = InputPlan::new(input, network.signature()).map_err(|faults| ModelError::Mismatch {
            file: file.to_owned(),
            faults,
            signature: network.signature().clone(),
        })?;
        Ok(Self { file: file.to_owned(), network, plan, input: input.clone() })
    }

    /// Runs the network on nothing: whether its outputs fit, and whether it takes several hands at once.
    pub(super) fn try_out<T>(&mut self, decode: impl Fn(&Outputs, usize) -> Option<T>) -> Result<(), ModelError> {
        let hands = self.plan.batch.unwrap_or(1);
        self.run(&[], hands, |outputs| decode(outputs, hands))?;
        if self.plan.batch.is_none() && self.run(&[], 2, |outputs| decode(outputs, 2)).is_err() {
            // says that it takes any number, but was exported for one
            self.plan.batch = Some(1);
        }
        Ok(())
    }

    /// Hands that one run takes, given that there are `left`.
    pub(super) fn batch(&self, left: usize) -> usize {
        self.plan.batch.unwrap_or(left)
    }

    /// Runs the network on patches, filled up to a number of hands, and reads its outputs.
    pub(super) fn run<T>(
        &self,
        patches: &[Patch],
        hands: usize,
        decode: impl Fn(&Outputs) -> Option<T>,
    ) -> Result<T, ModelError> {
        let inputs = self.plan.tensors(&self.input, patches, hands);
        let tensors: Vec<Tensor> =
            self.network.run(&inputs).map_err(|what| ModelError::Run { file: self.file.clone(), what })?;
        let outputs = Outputs::new(self.network.signature(), &tensors);
        decode(&outputs).ok_or_else(|| ModelError::Mismatch {
            file: self.file.clone(),
            faults: outputs.into_faults(),
            signature: self.network.signature().clone(),
        })
    }

    /// The outputs' names and numbers.
    #[cfg(test)]
    pub(super) fn tensors(&self, patches: &[Patch], hands: usize) -> Vec<(String, Tensor)> {
        let tensors = self.network.run(&self.plan.tensors(&self.input, patches, hands)).unwrap();
        self.network.signature().outputs.iter().map(|info| info.name.clone()).zip(tensors).collect()
    }

    /// Refuses patches that the network does not take.
    pub(super) fn check(&self, patches: &[Patch]) -> Result<(), ModelError> {
        let (size, views) = ((self.input.width, self.input.height), self.input.views());
        let kind = |pixels: &Pixels| match pixels {
            Pixels::Colour(_) => "colour",
            Pixels::Grey(_) => "grey",
            Pixels::Depth(_) => "depth",
        };
        let wanted = match self.input.kind {
            super::spec::InputKind::Colour => "colour",
            super::spec::InputKind::Grey | super::spec::InputKind::StereoGrey => "grey",
            super::spec::InputKind::Depth => "depth",
        };
        let expected = || format!("{views} {wanted} patch(es) of {} x {} for each hand", size.0, size.1);
        let odd = patches.iter().find(|patch| patch.size() != size || kind(&patch.pixels) != wanted);
        let found = match odd {
            Some(patch) => format!("a {} patch of {} x {}", kind(&patch.pixels), patch.size().0, patch.size().1),
            None if patches.len().is_multiple_of(views) => return Ok(()),
            None => format!("{} patches", patches.len()),
        };
        Err(ModelError::Input { expected: expected(), found })
    }
}
