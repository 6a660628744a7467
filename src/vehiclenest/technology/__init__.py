"""What goes into vehicles and production lines; each room stands alone and knows nothing of ours but `core`."""
