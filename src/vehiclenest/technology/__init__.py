"""What goes into vehicles and production lines. Each room stands alone and imports nothing of ours but `core`."""
