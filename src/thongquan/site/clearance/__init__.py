"""One declaration's whole life: its rows, the acts in the order of the journey, and what can be asked of it."""
