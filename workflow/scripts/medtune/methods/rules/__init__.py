"""Rules: what is learnt from the training split without a neural network, as a baseline of every kind."""
