"""Live inventories: collect, write a snapshot, evaluate the snapshot."""
