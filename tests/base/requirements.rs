use base::Resources;
use base::requirements::Requirements;
use proptest::prelude::*;

const GIB: f64 = (1_u64 << 30) as f64;

fn of(mem: f64, cpu: f64, disk: f64) -> Resources {
    Resources::of(cpu, mem, disk)
}

#[test]
fn rt_89_steps_from_nothing() {
    let mut requirements = Requirements::new();
    requirements.add_serial(&of(10.0, 5.0, 5.0));
    requirements.add_serial(&of(20.0, 3.0, 1.0));
    assert_eq!((&requirements.min, requirements.max()), (&of(20.0, 5.0, 5.0), of(20.0, 5.0, 5.0)));
    assert!(!requirements.is_wide());
    requirements.add_parallel(&of(10.0, 5.0, 1.0));
    assert_eq!((&requirements.min, requirements.max()), (&of(20.0, 5.0, 5.0), of(40.0, 10.0, 10.0)));
    assert!(requirements.is_wide());

    let wide = Requirements { min: of(2.0, 1.0, 0.0), width: 10 };
    assert_eq!(wide.max(), of(22.0, 11.0, 0.0));

    let mut mixed = Requirements::new();
    mixed.add_serial(&of(3.0, 1.0, 0.0));
    mixed.add_parallel(&of(5.0, 2.0, 0.0));
    mixed.add_parallel(&of(10.0, 4.0, 0.0));
    assert_eq!((&mixed.min, mixed.max()), (&of(10.0, 4.0, 0.0), of(30.0, 12.0, 0.0)));

    let mut parallel = Requirements::new();
    parallel.add_parallel(&of(5.0, 2.0, 0.0));
    assert_eq!((&parallel.min, parallel.max()), (&of(5.0, 2.0, 0.0), of(5.0, 2.0, 0.0)));
    parallel.add_parallel(&of(5.0, 2.0, 0.0));
    assert_eq!((&parallel.min, parallel.max()), (&of(5.0, 2.0, 0.0), of(10.0, 4.0, 0.0)));
}

#[test]
fn widths_add_up() {
    let mut left = Requirements { min: of(2.0, 1.0, 0.0), width: 3 };
    left.add(&Requirements { min: of(1.0, 2.0, 0.0), width: 4 });
    assert_eq!(left, Requirements { min: of(2.0, 2.0, 0.0), width: 7 });
}

#[test]
fn the_text_shows_a_width_above_one() {
    let text = |width| Requirements { min: of(GIB, 1.0, 0.0), width }.to_string();
    assert_eq!(text(0), "{mem:1.0GiB cpu:1 disk:0B}");
    assert_eq!(text(1), "{mem:1.0GiB cpu:1 disk:0B}");
    assert_eq!(text(10), "{mem:1.0GiB cpu:1 disk:0B}#10");
}

/// The demand of tasks given as cores and GiB of memory.
fn demand(tasks: &[(f64, f64)]) -> (f64, f64, u64) {
    let demand = Requirements::of_tasks(tasks.iter().map(|(cpu, mem)| of(mem * GIB, *cpu, 0.0)));
    (demand.min.get("cpu"), demand.min.get("mem") / GIB, demand.width)
}

#[test]
fn rt_90_demand_of_tasks() {
    assert_eq!(demand(&[(1.0, 1.0), (1.0, 1.0), (3.0, 5.0), (5.0, 8.0)]), (5.0, 8.0, 1));
    for small in [7, 8] {
        let mut tasks = vec![(1.0, 4.0); small];
        tasks.push((8.0, 32.0));
        assert_eq!(demand(&tasks), (8.0, 32.0, 1), "{small} small tasks");
    }
    let tasks = [(1., 4.), (2., 8.), (3., 10.), (8., 32.), (4., 10.), (2., 12.), (1., 5.), (1., 5.), (2., 10.)];
    assert_eq!(demand(&tasks), (8.0, 32.0, 3));
    assert_eq!(demand(&[]), (0.0, 0.0, 0));
    assert_eq!(demand(&[(0.0, 0.0); 3]), (0.0, 0.0, 0));
}

#[test]
fn the_demand_of_many_tasks_is_quick() {
    let tasks = (0..300_000_u32).map(|i| of(f64::from(i % 7 + 1) * GIB, f64::from(i % 5 + 1), 0.0));
    let demand = Requirements::of_tasks(tasks);
    assert_eq!(demand.min, of(7.0 * GIB, 5.0, 0.0));
    assert!(demand.is_wide());
}

proptest! {
    #[test]
    fn the_demand_covers_every_task(tasks in prop::collection::vec((0..9_u8, 0..65_u8), 0..40)) {
        let tasks: Vec<_> = tasks.iter().map(|(cpu, mem)| of(f64::from(*mem) * GIB, f64::from(*cpu), 0.0)).collect();
        let demand = Requirements::of_tasks(tasks.clone());
        prop_assert!(tasks.iter().all(|task| demand.min.covers(task)));
        let sum = tasks.iter().fold(Resources::new(), |sum, task| &sum + task);
        prop_assert!(demand.max().covers(&sum), "room for all at once");
        prop_assert!(demand.width < tasks.len().max(1) as u64);
    }
}
