"""The substances that mass is booked under, so that every room and the ledger call the same thing by the same name."""

METALS = ("steel", "cast_iron", "aluminium", "copper", "lead")
OTHER_SOLIDS = ("glass", "plastic", "rubber", "wood", "catalyst_ceramic", "other")
FLUIDS = ("engine_oil", "gear_oil", "coolant", "brake_fluid", "washer_fluid", "fuel", "refrigerant", "battery_acid")
BATTERY = ("graphite", "lithium", "nickel", "cobalt", "manganese", "phosphate", "electrolyte")

MATERIALS: tuple[str, ...] = METALS + OTHER_SOLIDS + FLUIDS + BATTERY
