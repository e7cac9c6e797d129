"""What tests, proofs and benchmarks stand on: real parts, hand-written fakes of the ports, and replicas in processes of their own."""
