"""A long random life of a switch with sixty listeners, against the model: `make soak`."""
