"""From what real parts or simulated ones left behind to `proof.history`: the same for both."""
