"""Systems: chips wired together, what the wires carry, what it all draws and costs, and how two compare."""
