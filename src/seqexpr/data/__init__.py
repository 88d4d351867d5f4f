"""Tables, the input doctor, data sets, embedded examples and simulated libraries."""
