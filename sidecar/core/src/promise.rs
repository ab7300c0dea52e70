//! Promises: what an agent gives a customer.
