//! Settings that change at run time, and the version of all reference data. Owns `setting`.

pub mod store;
