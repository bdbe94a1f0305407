//! The local stores do what every store must do.

use reflow_store::{FileRepository, LocalStore};

use crate::conformance;

#[tokio::test]
async fn the_file_repository_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let repository = FileRepository::open(folder.path()).unwrap();
    conformance::repository(&repository).await;
    let left = std::fs::read_dir(folder.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "no temporary file is left over");
}

#[tokio::test]
async fn the_table_of_associations_conforms() {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    conformance::assoc(&store.assoc()).await;
}
