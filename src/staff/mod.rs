//! Members of staff and the roles they hold. Owns `staff` and `role_grant`.

pub mod store;
