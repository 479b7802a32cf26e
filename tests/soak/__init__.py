"""A long random life of a switch with sixty listeners, compared with the model: `make soak`."""
