"""The closed loop: one room a station, in the order a vehicle meets them. A station is pure: records in, records out."""
