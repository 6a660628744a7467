"""Parts that hold: caliper, alternator, starter, connecting rod, pump, knuckle, cylinder head; dimensions in mm (families.toml)."""

from collections.abc import Mapping

from vehiclenest.loop.inspect.simulate.solids import Solid, around, box, hulled, joined, lying, on_circle, rod, spun

Dimensions = Mapping[str, float]
LAP = 0.5  # how far solids reach into each other where they are joined


def caliper(d: Dimensions) -> Solid:
    """Return a floating brake caliper: cylinder with piston bore, bridge over the disc, two fingers, lugs with pin bores."""
    bore, wall, gap = d["piston_radius"], d["wall"], d["gap"]
    length, width = d["cylinder_length"], d["width"]
    cylinder = rod(bore + wall, length) + box((width, 2 * bore, 18), at=(0, 0, length - 18))
    bridge = box((width, d["bridge"], gap + 18 + 16), at=(0, bore + d["bridge"] / 2 - LAP, length - 18))
    finger = box((width * 0.36, 1.6 * bore, 16), at=(width * 0.32, bore * 0.2 + LAP, length + gap))
    fingers = finger + finger.mirror((1, 0, 0))
    reach = bore + wall + d["lug"]
    lug = hulled(rod(12, 16, at=(reach, 0, length - 17)), box((6, 30, 16), at=(bore, 0, length - 17)))
    pins = joined(rod(5.1, 40, at=(side * reach, 0, length - 30)) for side in (-1, 1))
    rib = box((5, bore + wall + 4, length - 6), at=(0, (bore + wall + 4) / 2, 3))
    ribs = joined(rib.translate(((place - (d["ribs"] - 1) / 2) * 14, 0, 0)) for place in range(round(d["ribs"])))
    bleed = lying(5, wall + 18, at=(bore * 0.5, -bore - wall - 8, 14), along="y")
    drilled = lying(2, 3 * bore, at=(bore * 0.5, -bore - wall - 20, 14), along="y")
    hollow = rod(bore, length - 8 + 1, at=(0, 0, 8))
    return joined([cylinder, bridge, fingers, lug, lug.mirror((1, 0, 0)), ribs, bleed]) - hollow - pins - drilled


def alternator(d: Dimensions) -> Solid:
    """Return the drive-end housing of an alternator: a cup with cooling slots and windows, a bearing seat and mounting ears."""
    outer, wall, depth, bearing = d["outer_radius"], d["wall"], d["depth"], d["bearing_radius"]
    cup = spun(
        [
            (bearing - 3, 0),
            (outer - 8, 0),
            (outer, 8),
            (outer, depth),
            (outer - wall, depth),
            (outer - wall, 10),
            (outer - wall - 4, wall),
            (bearing + 5, wall),
            (bearing + 5, 16),
            (bearing, 16),
            (bearing, 3),
            (bearing - 3, 3),
        ]
    )
    slot = box((outer - bearing - 24, d["slot"], 14), at=((outer + bearing) / 2, 0, -2))
    window = box((20, d["slot"] + 2, depth * 0.35), at=(outer, 0, depth * 0.35))
    ears = joined(
        hulled(
            rod(d["ear_radius"], d["ear"], at=on_circle(outer + 14, angle)), rod(16, d["ear"], at=on_circle(outer - 18, angle))
        )
        for angle in (90, 270 + d["ear_offset_deg"])
    ) - rod(outer - wall - LAP, 100, at=(0, 0, -2))
    holes = joined(rod(5.2, 100, at=on_circle(outer + 14, angle, -2)) for angle in (90, 270 + d["ear_offset_deg"]))
    through = around(rod(2.8, 3 * depth, at=(outer - wall / 2 + 4, 0, -2)), d["bolts"], start_deg=20)
    posts = around(rod(7, depth, at=(outer - wall / 2 + 4, 0, 0)), d["bolts"], start_deg=20)
    return (
        (cup - around(slot, d["slots"]) - around(window, d["slots"], start_deg=180 / d["slots"])) + ears + posts - holes - through
    )


def starter(d: Dimensions) -> Solid:
    """Return the drive housing of a starter motor: a stepped nose with a window for the pinion, a flange with two ears, a solenoid seat."""
    outer, wall, length, nose, nose_length = d["outer_radius"], d["wall"], d["length"], d["nose_radius"], d["nose_length"]
    top = length + nose_length
    body = spun([(0, 0), (outer, 0), (outer, length - 6), (nose, length + 4), (nose, top), (0, top)])
    hollow = spun(
        [
            (0, -1),
            (outer - wall, -1),
            (outer - wall, length - 12),
            (nose - wall, length - 2),
            (nose - wall, top - 10),
            (0, top - 10),
        ]
    )
    reach = outer + d["ear"]
    flange = hulled(
        rod(11, 12, at=(reach, 0, length - 14)),
        rod(outer * 0.8, 12, at=(0, 0, length - 14)),
        rod(11, 12, at=(-reach, 0, length - 14)),
    )
    seat = rod(d["solenoid_radius"], 22, at=(0, outer + d["solenoid_radius"] * 0.6, 0))
    web = box((d["solenoid_radius"], outer, 22), at=(0, outer * 0.8, 0))
    rib = box((4, 12, nose_length), at=(0, -nose - 2, length - 8))
    ribs = joined(rib.rotate((0, 0, (place - (d["ribs"] - 1) / 2) * 30)) for place in range(round(d["ribs"])))
    window = box((2 * nose, nose, nose_length - 24), at=(0, nose * 0.8, length + 6))
    holes = joined(rod(5.3, 20, at=(side * reach, 0, length - 18)) for side in (-1, 1))
    pocket = rod(d["solenoid_radius"] - 5, 18, at=(0, outer + d["solenoid_radius"] * 0.6, -1))
    return joined([body, flange, seat, web, ribs]) - hollow - window - holes - pocket - rod(6, 14, at=(0, 0, top - 12))


def connecting_rod(d: Dimensions) -> Solid:
    """Return a connecting rod with its cap: two eyes, an I-beam, bolt bosses, an oil hole."""
    span, big, small, thick = d["span"], d["big_radius"], d["small_radius"], d["thickness"]
    shank = hulled(
        rod(d["small_wall"] + small - 2, d["shank"], at=(span, 0, (thick - d["shank"]) / 2)),
        rod(big + 1, d["shank"], at=(0, 0, (thick - d["shank"]) / 2)),
    )
    pocket = hulled(
        rod(4, 20, at=(span - small - d["small_wall"] - 9, 0, 0)), rod(d["pocket"], 20, at=(big + d["big_wall"] + 12, 0, 0))
    )
    web = d["beam_web"] / 2
    pockets = pocket.translate((0, 0, thick / 2 + web)) + pocket.translate((0, 0, thick / 2 - web - 20))
    boss = box((d["boss_length"], 13, thick - 1), at=(0, big + d["big_wall"] / 2 + 4, 0.5))
    bolt = lying(4.2, d["boss_length"] + 20, at=(-d["boss_length"] / 2 - 10, big + 7, thick / 2), along="x")
    solid = joined(
        [
            rod(big + d["big_wall"], thick),
            rod(small + d["small_wall"], thick, at=(span, 0, 0)),
            shank - pockets,
            boss,
            boss.mirror((0, 1, 0)),
        ]
    )
    oil = lying(d["oil_radius"], 30, at=(span, 0, thick / 2), along="x")
    eyes = rod(big, thick + 2, at=(0, 0, -1)) + rod(small, thick + 2, at=(span, 0, -1))
    notch = box((5, 4, 8), at=(2, big, -1))
    return solid - eyes - bolt - bolt.mirror((0, 1, 0)) - oil - notch


def pump(d: Dimensions) -> Solid:
    """Return the housing of a water pump: a volute on a flange, a bearing boss with ribs, an outlet pipe."""
    volute, flange, thick = d["volute_radius"], d["flange_radius"], d["flange"]
    lugs = joined(
        hulled(
            rod(9, thick, at=on_circle(flange, 360 * place / d["bolts"])),
            rod(12, thick, at=on_circle(flange - 20, 360 * place / d["bolts"])),
        )
        for place in range(round(d["bolts"]))
    )
    scroll = joined(rod(volute - 6 + place, d["height"], at=on_circle(place * 0.6, 30 * place)) for place in range(12))
    boss = rod(d["boss_radius"] + 4, d["boss_length"] + 4, at=(0, 0, d["height"] - 4), top_radius=d["boss_radius"])
    rib = hulled(
        box((2, 5, 2), at=(d["boss_radius"] - 1, 0, d["height"] + d["boss_length"] * 0.7)),
        box((volute - 14, 5, 2), at=((volute - 14) / 2 + 8, 0, d["height"] - 2)),
    )
    outlet = lying(d["outlet_radius"], d["outlet_length"], at=(0, volute * 0.5, d["height"] / 2), along="x")
    bore = lying(d["outlet_radius"] - 4, d["outlet_length"] + 10, at=(0, volute * 0.5, d["height"] / 2), along="x")
    chamber = rod(volute - 12, d["height"] - 6, at=(0, 0, -1))
    holes = around(rod(4.3, thick + 2, at=(flange, 0, -1)), d["bolts"])
    through = rod(d["bearing_radius"], 200, at=(0, 0, 0)) + rod(2.5, 40, at=on_circle(volute * 0.6, 200, d["height"] - 20))
    return (
        joined([rod(flange - 8, thick), lugs, scroll, boss, around(rib, d["ribs"], start_deg=15), outlet])
        - bore
        - chamber
        - holes
        - through
    )


def knuckle(d: Dimensions) -> Solid:
    """Return a steering knuckle: a bearing ring, arms to the strut, the lower ball joint and the tie rod, two lugs for the caliper."""
    hub, wall, width = d["hub_radius"], d["wall"], d["width"]
    core = rod(hub + wall, width)
    upper = (0.0, d["upper"], d["rise"])
    lower, tie = (0.0, -d["lower"], -6.0), (d["tie"], -hub * 0.5, 4.0)
    arms = [
        hulled(rod(16, 34, at=upper), box((46, 10, width * 0.7), at=(0, hub + wall * 0.5, 2))),
        hulled(rod(18, 20, at=lower), box((54, 10, width * 0.6), at=(0, -hub - wall * 0.5, 2))),
        hulled(rod(13, 18, at=tie), box((10, 36, 16), at=(hub + wall * 0.5, -hub * 0.3, 4))),
    ]
    lugs = [
        hulled(rod(12, 14, at=(-d["lug"], y, 6)), box((10, 26, 14), at=(-hub - wall * 0.4, y * 0.7, 6))) for y in (-38.0, 38.0)
    ]
    holes = [
        rod(d["upper_bore"], 80, at=(0, d["upper"], -20)),
        rod(8.5, 60, at=(0, -d["lower"], -20)),
        rod(6.2, 60, at=(d["tie"], -hub * 0.5, -20)),
    ]
    holes += [rod(5.2, 40, at=(-d["lug"], y, -10)) for y in (-38.0, 38.0)]
    bolts = around(rod(4.2, 80, at=(hub + wall * 0.5, 0, -20)), d["bolts"], start_deg=45)
    sensor = lying(5, hub + 3 * wall, at=(0, 0, width / 2), along="x").rotate((0, 0, 135))
    bearing = rod(hub, width + 80, at=(0, 0, -40))
    return joined([core, *arms, *lugs]) - bearing - joined(holes) - bolts - sensor


def cylinder_head(d: Dimensions) -> Solid:
    """Return the head of an in-line four: chambers, ports, valve and bolt holes, water holes, and towers for the camshafts."""
    pitch, width, height = d["pitch"], d["width"], d["height"]
    length = 4 * pitch + d["ends"]
    body = box((length, width, height))
    middles = [(place - 1.5) * pitch for place in range(4)]
    between = [(place - 2) * pitch for place in range(5)]
    towers = [box((22, width * 0.78, 26 + LAP), at=(x, 0, height - LAP)) for x in between[1:-1]]
    ledge = box((length, 8, 14), at=(0, width / 2 + 3.5, height / 2 - 22))
    cut: list[Solid] = [
        lying(d["cam_radius"], length, at=(-length / 2, side * width * 0.22, height + 26), along="x") for side in (-1, 1)
    ]
    for x in middles:
        cut.append(rod(d["chamber_radius"], d["chamber"] + 1, at=(x, 0, -1), top_radius=d["chamber_radius"] * 0.6))
        cut.append(rod(6.5, height + 30, at=(x, 0, -2)))
        for side in (-1, 1):
            cut += [
                rod(3.5, height + 4, at=(x + along, side * d["valve_apart"] / 2, 0))
                for along in (-d["valve_apart"] / 2, d["valve_apart"] / 2)
            ]
            start = (x, 20.0 if side > 0 else -width / 2 - 1, height * 0.4)
            cut.append(lying(d["port_radius"] if side > 0 else d["port_radius"] - 3, width / 2 - 11, at=start, along="y"))
        cut.append(box((pitch * 0.5, width * 0.86, 14), at=(x, 0, height - 12)))
    for x in between:
        cut += [rod(5.5, height + 60, at=(x, side * width * 0.3, -2)) for side in (-1, 1)]
        cut += [rod(d["water_radius"], 22, at=(x, side * width * 0.42, -1)) for side in (-1, 1)]
    studs = round(d["studs"])
    cut += [
        lying(4, 24, at=((place - (studs - 1) / 2) * length * 0.9 / studs, -width / 2 - 2, height * 0.78), along="y")
        for place in range(studs)
    ]
    return joined([body, *towers, ledge]) - joined(cut)
