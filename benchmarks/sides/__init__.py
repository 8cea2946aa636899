"""What is compared: each module is one process, which works whenever it is told to."""
