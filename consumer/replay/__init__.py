"""Events that were written before, read again to see what another configuration would have made of them. Nothing here writes anywhere."""
