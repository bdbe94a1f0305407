//! Admission: which exec runs next in the room there is.
//!
//! Execs that ask for the same room queue together. The one that has waited longest goes first; while
//! there is no room for it, others that fit may go ahead of it, but only so often: then it gets the
//! room that comes free. Execs are admitted only when the [`Pool`] has room for all they ask for.

use std::collections::{BTreeMap, HashMap, VecDeque};

use base::resources::{CPU, MEM};
use base::{Error, Kind, Resources};
use exec::{Lease, Pool};
use flow::FlowId;

/// Every exec has at least one core (runtime spec §3.6).
const LEAST_CPU: f64 = 1.0;
/// Every exec has at least this much memory, in bytes (runtime spec §3.6).
const LEAST_MEMORY: f64 = (500_u64 << 20) as f64;
/// What asks for more memory than there is, but not by more than this part, is given all there is
/// (runtime spec §3.11).
const NEARLY_ALL: f64 = 0.95;
/// How many execs may go ahead of the one that has waited longest.
const PATIENCE: u32 = 64;

/// Execs that wait for room.
pub struct Scheduler {
    pool: Pool,
    shapes: Vec<Shape>,
    by_amounts: HashMap<Vec<(String, u64)>, usize>,
    /// The shapes in whose queues somebody waits, by when the first of each queue came.
    heads: BTreeMap<u64, usize>,
    next_arrival: u64,
    waiting: usize,
    overtaken: u32,
}

/// The execs that ask for the same room.
struct Shape {
    room: Resources,
    queue: VecDeque<(u64, FlowId)>,
}

/// The room for an exec.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The amounts.
    pub resources: Resources,
    /// Whether that is less memory than was asked for.
    pub capped: bool,
}

impl Scheduler {
    /// Nobody waits for the room of `pool`.
    pub fn new(pool: Pool) -> Self {
        Self {
            pool,
            shapes: Vec::new(),
            by_amounts: HashMap::new(),
            heads: BTreeMap::new(),
            next_arrival: 0,
            waiting: 0,
            overtaken: 0,
        }
    }

    /// The room for an exec that asks for `wanted`: raised to the least that every exec gets, memory
    /// lowered to what there is if it is only a little more. `ResourcesExhausted` if it could never run.
    pub fn room_for(&self, wanted: &Resources) -> Result<Room, Error> {
        let capacity = self.pool.capacity();
        let mut room = wanted.clone();
        room.set(CPU, wanted.get(CPU).max(LEAST_CPU));
        room.set(MEM, wanted.get(MEM).max(LEAST_MEMORY));
        let (asked, most) = (room.get(MEM), capacity.get(MEM));
        let capped = asked > most && asked <= most / NEARLY_ALL;
        if capped {
            room.set(MEM, most);
        }
        if self.pool.can_ever_hold(&room) {
            return Ok(Room { resources: room, capped });
        }
        let fits = |amount: (&str, f64)| self.pool.can_ever_hold(&Resources::from_iter([amount]));
        let short: Vec<&str> = room.iter().filter(|amount| !fits(*amount)).map(|(label, _)| label).collect();
        let message = format!("asks for {room}, but there is only {capacity} ({})", short.join(", "));
        Err(Error::new(Kind::ResourcesExhausted, message))
    }

    /// Queues an exec for room that [`Scheduler::room_for`] has given.
    pub fn push(&mut self, id: FlowId, room: &Resources) {
        let index = self.shape(room);
        let shape = &mut self.shapes[index];
        if shape.queue.is_empty() {
            self.heads.insert(self.next_arrival, index);
        }
        shape.queue.push_back((self.next_arrival, id));
        self.next_arrival += 1;
        self.waiting += 1;
    }

    /// The next exec for which there is room, with its lease.
    pub fn admit(&mut self) -> Option<(FlowId, Lease)> {
        if self.heads.is_empty() || self.pool.available().get(CPU) < LEAST_CPU {
            return None;
        }
        let mut admitted = None;
        for (position, (arrival, index)) in self.heads.iter().enumerate() {
            if position > 0 && self.overtaken >= PATIENCE {
                return None;
            }
            if let Some(lease) = self.pool.try_acquire(&self.shapes[*index].room) {
                admitted = Some((position, *arrival, *index, lease));
                break;
            }
        }
        let (position, arrival, index, lease) = admitted?;
        self.overtaken = if position == 0 { 0 } else { self.overtaken + 1 };
        self.heads.remove(&arrival);
        let queue = &mut self.shapes[index].queue;
        let (_, id) = queue.pop_front()?;
        if let Some((arrival, _)) = queue.front() {
            self.heads.insert(*arrival, index);
        }
        self.waiting -= 1;
        Some((id, lease))
    }

    /// How many execs wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Forgets everybody who waits.
    pub fn clear(&mut self) {
        *self = Self::new(self.pool.clone());
    }

    fn shape(&mut self, room: &Resources) -> usize {
        let amounts = room.iter().map(|(label, amount)| (label.to_owned(), amount.to_bits())).collect();
        *self.by_amounts.entry(amounts).or_insert_with(|| {
            self.shapes.push(Shape { room: room.clone(), queue: VecDeque::new() });
            self.shapes.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use flow::Graph;

    use super::*;

    const GIB: f64 = (1_u64 << 30) as f64;

    fn scheduler(cpu: f64, memory: f64) -> Scheduler {
        Scheduler::new(Pool::new(Resources::of(cpu, memory, 100.0 * GIB)))
    }

    fn ids(count: usize) -> Vec<FlowId> {
        let mut graph = Graph::default();
        (0..count).map(|_| graph.intern("u", false)).collect()
    }

    #[test]
    fn rt_69_75_room_is_raised_and_capped() {
        let scheduler = scheduler(4.0, 9.5 * GIB);
        let least = scheduler.room_for(&Resources::new()).unwrap();
        assert_eq!(least, Room { resources: Resources::of(1.0, LEAST_MEMORY, 0.0), capped: false });
        let all = scheduler.room_for(&Resources::of(2.0, 10.0 * GIB, 5.0)).unwrap();
        assert_eq!(all, Room { resources: Resources::of(2.0, 9.5 * GIB, 5.0), capped: true });
    }

    #[test]
    fn what_could_never_run_is_refused_with_both_amounts() {
        let scheduler = scheduler(4.0, 8.0 * GIB);
        let error = scheduler.room_for(&Resources::of(5.0, 9.0 * GIB, 0.0)).unwrap_err();
        assert_eq!(error.kind(), Kind::ResourcesExhausted);
        assert_eq!(
            error.message(),
            "asks for {mem:9.0GiB cpu:5 disk:0B}, but there is only {mem:8.0GiB cpu:4 disk:100.0GiB} (cpu, mem)"
        );
        let mut feature = Resources::new();
        feature.set("intel_avx", 1.0);
        assert!(scheduler.room_for(&feature).unwrap_err().message().ends_with("(intel_avx)"));
        assert!(scheduler.room_for(&Resources::of(f64::NAN, 0.0, f64::NAN)).is_err());
    }

    #[test]
    fn never_more_than_there_is_and_first_come_first_served() {
        let mut scheduler = scheduler(2.0, 8.0 * GIB);
        let ids = ids(5);
        for id in &ids {
            scheduler.push(*id, &Resources::of(1.0, GIB, 0.0));
        }
        let (first, lease) = scheduler.admit().unwrap();
        let (second, _kept) = scheduler.admit().unwrap();
        assert_eq!([first, second], [ids[0], ids[1]]);
        assert!(scheduler.admit().is_none());
        drop(lease);
        assert_eq!(scheduler.admit().unwrap().0, ids[2]);
        assert_eq!(scheduler.waiting(), 2);
    }

    #[test]
    fn small_ones_fill_gaps_but_do_not_starve_a_large_one() {
        let mut scheduler = scheduler(2.0, 8.0 * GIB);
        let ids = ids(500);
        let small = Resources::of(1.0, GIB, 0.0);
        scheduler.push(ids[0], &small);
        scheduler.push(ids[1], &Resources::of(2.0, GIB, 0.0));
        for id in &ids[2..] {
            scheduler.push(*id, &small);
        }
        // Two small ones run at any time: the large one never finds both cores free by itself.
        let mut running = VecDeque::new();
        let mut order = Vec::new();
        loop {
            while let Some((id, lease)) = scheduler.admit() {
                order.push(id);
                running.push_back(lease);
            }
            if running.pop_front().is_none() {
                break;
            }
        }
        assert_eq!(order.len(), ids.len());
        let turn = order.iter().position(|id| *id == ids[1]).unwrap();
        assert!((2..=PATIENCE as usize + 2).contains(&turn), "its turn came after {turn}");
        let small_ones: Vec<_> = order.iter().copied().filter(|id| *id != ids[1]).collect();
        assert!(small_ones.is_sorted());
    }

    #[test]
    fn many_different_shapes_are_served_in_order() {
        let mut scheduler = scheduler(1.0, 8.0 * GIB);
        let ids = ids(20_000);
        for (i, id) in ids.iter().enumerate() {
            scheduler.push(*id, &Resources::of(1.0, GIB + i as f64, 0.0));
        }
        let order: Vec<_> = std::iter::from_fn(|| scheduler.admit().map(|(id, _)| id)).collect();
        assert_eq!(order, ids);
    }

    #[test]
    fn clearing_forgets_everybody() {
        let mut scheduler = scheduler(1.0, 8.0 * GIB);
        scheduler.push(ids(1)[0], &Resources::of(1.0, GIB, 0.0));
        scheduler.clear();
        assert!(scheduler.admit().is_none());
        assert_eq!(scheduler.waiting(), 0);
    }
}
