//! Runnable examples, one folder a job.
