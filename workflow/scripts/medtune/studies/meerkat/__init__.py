"""Study `meerkat`: medical question answering over specialties, trained progressively."""
