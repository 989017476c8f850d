//! Tests of the engine as a whole, over a real store.

mod simulation;
