//! The adapter that draws: found without a window system, with the limits that it has.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::GpuError;

/// Name of the environment variable that picks an adapter by a part of its name.
const ADAPTER_VARIABLE: &str = "HANDLOOM_ADAPTER";
/// Buffers that the pass with the most of them reads and writes.
const STORAGE_BUFFERS: u32 = 11;

/// What the pass that finds the nearest triangle uses where there is all of it.
const WIDE_ATOMICS: wgpu::Features = wgpu::Features::SHADER_INT64.union(wgpu::Features::SHADER_INT64_ATOMIC_MIN_MAX);

/// Every buffer has room for one item, also where there is none.
const LEAST_BYTES: u64 = 1024;

/// An open device.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) info: wgpu::AdapterInfo,
    pub(super) limits: wgpu::Limits,
    /// Largest buffer that a shader can reach.
    pub(super) most_bytes: u64,
    /// Largest buffer of a batch.
    pub(super) most_batch_bytes: u64,
    /// Whether two words can be compared and kept as one.
    pub(super) has_wide_atomics: bool,
    lost: Arc<Mutex<Option<String>>>,
    /// What went wrong where nobody waited for an error.
    unexpected: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// The fastest adapter, or the first whose name contains what `HANDLOOM_ADAPTER` says.
    pub(super) fn open() -> Result<Self, GpuError> {
        let wanted = std::env::var(ADAPTER_VARIABLE).ok();
        let adapters = adapters();
        let names: Vec<String> = adapters.iter().map(|a| named(&a.get_info())).collect();
        let fits = |name: &str| wanted.as_ref().is_none_or(|w| name.to_lowercase().contains(&w.to_lowercase()));
        let fitting = adapters.into_iter().zip(&names).filter(|(_, name)| fits(name)).map(|(adapter, _)| adapter);
        let mut fitting: Vec<_> = fitting.collect();
        // those that can draw before those that cannot, whatever their kind
        fitting.sort_by_key(|adapter| (!can_draw(&adapter.limits()), rank(adapter.get_info().device_type)));
        match fitting.first() {
            Some(adapter) => Self::of_adapter(adapter),
            None => Err(GpuError::NoAdapter { wanted, found: names }),
        }
    }

    /// The same adapter once more, after its device was lost.
    pub(super) fn again(&self) -> Result<Self, GpuError> {
        let is_same = |info: &wgpu::AdapterInfo| {
            (&info.name, info.vendor, info.device, info.backend)
                == (&self.info.name, self.info.vendor, self.info.device, self.info.backend)
        };
        let found = adapters().into_iter().find(|adapter| is_same(&adapter.get_info()));
        found.and_then(|adapter| Self::of_adapter(&adapter).ok()).ok_or_else(|| GpuError::Gone {
            adapter: self.name(),
            reason: lock(&self.lost).clone().unwrap_or_default(),
        })
    }

    fn of_adapter(adapter: &wgpu::Adapter) -> Result<Self, GpuError> {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        if !can_draw(&limits) {
            let found = limits.max_storage_buffers_per_shader_stage;
            return Err(GpuError::Limit {
                adapter: named(&info),
                what: "storage buffers per stage",
                found,
                needed: STORAGE_BUFFERS,
            });
        }
        let has_wide_atomics = adapter.features().contains(WIDE_ATOMICS);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("handloom"),
            required_features: adapter.features() & WIDE_ATOMICS,
            // all that there is: batches are cut to it
            required_limits: limits.clone(),
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = ready(adapter.request_device(&descriptor));
        let (device, queue) = opened.map_err(|e| GpuError::Device { adapter: named(&info), cause: e.to_string() })?;
        let lost = Arc::new(Mutex::new(None));
        let told = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, message| {
            *lock(&told) = Some(format!("{reason:?}: {message}"));
        });
        let unexpected = Arc::new(Mutex::new(None));
        let told = Arc::clone(&unexpected);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| *lock(&told) = Some(error.to_string())));
        let most_bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        Ok(Self {
            device,
            queue,
            info,
            limits,
            most_bytes,
            most_batch_bytes: most_bytes,
            has_wide_atomics,
            lost,
            unexpected,
        })
    }

    /// Name and kind, as told to the user.
    pub(super) fn name(&self) -> String {
        named(&self.info)
    }

    /// A buffer, mapped if it is one to write, or the error of the device that has no room for it.
    pub(super) fn buffer(
        &self,
        label: &'static str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, GpuError> {
        if size > self.limits.max_buffer_size {
            return Err(GpuError::TooLarge { bytes: size, most: self.limits.max_buffer_size });
        }
        let descriptor = wgpu::BufferDescriptor {
            label: Some(label),
            size: size.max(LEAST_BYTES),
            usage,
            mapped_at_creation: usage.contains(wgpu::BufferUsages::MAP_WRITE),
        };
        self.scoped(label, || self.device.create_buffer(&descriptor))
    }

    /// Runs something that may find the device out of memory or at fault.
    pub(super) fn scoped<T>(&self, what: &'static str, run: impl FnOnce() -> T) -> Result<T, GpuError> {
        let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory];
        let guards = scopes.map(|filter| self.device.push_error_scope(filter));
        let made = run();
        let mut first = None;
        for guard in guards.into_iter().rev() {
            let error = ready(guard.pop());
            first = first.or(error);
        }
        let unexpected = lock(&self.unexpected).take();
        match first {
            None => unexpected.map_or(Ok(made), |cause| Err(self.fault(what, cause))),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(GpuError::OutOfMemory { what }),
            Some(error) => Err(self.fault(what, error.to_string())),
        }
    }

    /// What went wrong: the device was lost, or else refused something.
    pub(super) fn fault(&self, what: &'static str, cause: String) -> GpuError {
        // a loss is told when the device is looked at; looking at a lost one may fail, too
        drop(self.device.poll(wgpu::PollType::Poll));
        match lock(&self.lost).clone() {
            Some(reason) => GpuError::Lost { adapter: self.name(), reason },
            None => GpuError::Fault { what, cause },
        }
    }
}

/// All adapters, found without a window system.
fn adapters() -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends = wgpu::Backends::PRIMARY & descriptor.backends;
    // no layers unless the environment asks for them: WGPU_VALIDATION, WGPU_DEBUG
    descriptor.flags = wgpu::InstanceFlags::empty().with_env();
    ready(wgpu::Instance::new(descriptor).enumerate_adapters(wgpu::Backends::PRIMARY))
}

fn can_draw(limits: &wgpu::Limits) -> bool {
    limits.max_storage_buffers_per_shader_stage >= STORAGE_BUFFERS
}

/// A lock that no panic of another thread can spoil: what is behind it is valid whatever it holds.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adapters that are preferred come first.
fn rank(kind: wgpu::DeviceType) -> u8 {
    match kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

fn named(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "unknown kind",
    };
    let driver = if info.driver_info.is_empty() { &info.driver } else { &info.driver_info };
    let parts = [kind, info.backend.to_str(), driver];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{} ({})", info.name, parts.join(", "))
}

/// The result of a future that needs no one else to go on, as all of the device's do outside of browsers.
fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
