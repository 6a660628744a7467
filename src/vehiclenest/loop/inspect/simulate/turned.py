"""Parts that turn: brake disc and drum, crankshaft, camshaft, gear, turbine wheel; each from its dimensions in mm (families.toml)."""

from collections.abc import Mapping

from vehiclenest.loop.inspect.simulate.solids import (
    Solid,
    around,
    box,
    hulled,
    joined,
    lying,
    on_circle,
    plate,
    ring,
    rod,
    spun,
    toothed,
)

Dimensions = Mapping[str, float]
CRANK_ANGLES_DEG = (0, 180, 180, 0)  # a four-stroke in-line four
CAM_ANGLES_DEG = (0, 90, 270, 180)  # half the firing order 1-3-4-2
LAP = 0.5  # how far solids reach into each other where they are joined


def disc(d: Dimensions) -> Solid:
    """Return a ventilated brake disc: two rings on vanes, and a hat with bolt holes."""
    outer, inner, thick, cheek = d["outer_radius"], d["inner_radius"], d["thickness"], d["cheek"]
    hat, wall, height = d["hat_radius"], d["hat_wall"], d["hat_height"]
    vane = box(((outer - inner) - 4, d["vane_width"], thick - 2 * cheek + 2 * LAP), at=((outer + inner) / 2, 0, cheek - LAP))
    body = joined(
        [
            ring(outer, inner, cheek),
            ring(outer, hat - wall, cheek, at=(0, 0, thick - cheek)),
            around(vane, d["vanes"]),
            spun(
                [
                    (hat - wall, thick - cheek),
                    (hat, thick - cheek),
                    (hat, height),
                    (d["bore_radius"], height),
                    (d["bore_radius"], height - wall),
                    (hat - wall, height - wall),
                ]
            ),
        ]
    )
    bolts = around(rod(d["bolt_radius"], 3 * wall, at=(d["bolt_circle"], 0, height - 2 * wall)), d["bolts"])
    screw = rod(3.3, 3 * wall, at=on_circle(d["bolt_circle"], 180 / d["bolts"], height - 2 * wall))
    return body - bolts - screw


def drum(d: Dimensions) -> Solid:
    """Return a brake drum: a bowl with cooling ribs outside, bolt holes and a hole for the adjuster."""
    outer, wall, depth, floor = d["outer_radius"], d["wall"], d["depth"], d["floor"]
    bowl = spun(
        [
            (d["bore_radius"], 0),
            (outer - 12, 0),
            (outer, 12),
            (outer, depth - 8),
            (outer + 6, depth - 8),
            (outer + 6, depth),
            (outer - wall, depth),
            (outer - wall, floor + 4),
            (outer - wall - 4, floor),
            (d["bore_radius"], floor),
        ]
    )
    rib = box((6 + LAP, 4, depth - 28), at=(outer + 3 - LAP, 0, 16))
    body = bowl + around(rib, d["ribs"])
    bolts = around(rod(d["bolt_radius"], floor + 4, at=(d["bolt_circle"], 0, -2)), d["bolts"])
    adjuster = rod(9, floor + 4, at=on_circle(d["bolt_circle"] + 22, 20, -2))
    return body - bolts - adjuster


def crankshaft(d: Dimensions) -> Solid:
    """Return the crankshaft of an in-line four: five main journals, four pins, counterweights, flange and nose, along z."""
    main, pin, throw, web = d["main_radius"], d["pin_radius"], d["throw"], d["web"]
    main_length, pin_length = d["main_length"], d["pin_length"]
    parts: list[Solid] = [rod(d["nose_radius"], d["nose_length"] + LAP, at=(0, 0, -d["nose_length"]))]
    z = 0.0
    for angle in CRANK_ANGLES_DEG:
        parts.append(rod(main, main_length + 2 * LAP, at=(0, 0, z - LAP)))
        z += main_length
        for place in (z, z + web + pin_length):
            cheek = hulled(rod(main + 8, web), rod(pin + 6, web, at=(throw, 0, 0)))
            weight = rod(d["weight_radius"], web) - box((400, 400, web + 2), at=(200 - 0.25 * d["weight_radius"], 0, -1))
            parts.append((cheek + weight).rotate((0, 0, angle)).translate((0, 0, place)))
        parts.append(rod(pin, pin_length + 2 * LAP, at=on_circle(throw, angle, z + web - LAP)))
        z += 2 * web + pin_length
    parts += [rod(main, main_length + 2 * LAP, at=(0, 0, z - LAP)), rod(d["flange_radius"], 14, at=(0, 0, z + main_length))]
    end = z + main_length + 14
    holes = around(rod(5, 16, at=(d["flange_radius"] - 11, 0, end - 15)), d["flange_bolts"])
    dowel = rod(3, 16, at=on_circle(d["flange_radius"] - 11, 180 / d["flange_bolts"], end - 15))
    keyway = box((6, 5, d["nose_length"] - 6), at=(d["nose_radius"], 0, -d["nose_length"] - 1))
    return joined(parts) - holes - dowel - keyway


def camshaft(d: Dimensions) -> Solid:
    """Return the camshaft of an in-line four: five journals, two cams a cylinder, a flange with a dowel, along z."""
    step = d["spacing"]
    parts = [rod(d["shaft_radius"], 4 * step + d["journal_length"] + 4, at=(0, 0, 0))]
    parts += [rod(d["journal_radius"], d["journal_length"], at=(0, 0, place * step)) for place in range(5)]
    for cylinder, angle in enumerate(CAM_ANGLES_DEG):
        for offset in (-d["cam_apart"] / 2, d["cam_apart"] / 2):
            nose = d["base_radius"] + d["lift"] - d["nose_radius"]
            cam = hulled(rod(d["base_radius"], d["cam_width"]), rod(d["nose_radius"], d["cam_width"], at=(nose, 0, 0)))
            middle = cylinder * step + d["journal_length"] / 2 + step / 2
            parts.append(cam.rotate((0, 0, angle + d["advance_deg"])).translate((0, 0, middle + offset - d["cam_width"] / 2)))
    flange = rod(d["flange_radius"], 10, at=(0, 0, -9))
    trigger = box((12, 8, 10), at=(d["flange_radius"] + 2, 0, -9))
    holes = rod(5, 40, at=(0, 0, -10)) + rod(2.5, 8, at=(d["flange_radius"] - 7, 0, -10))
    return joined([*parts, flange, trigger]) - holes


def gear(d: Dimensions) -> Solid:
    """Return a helical gear: involute teeth, a web thinner than the rim, lightening holes, a bore with a keyway."""
    teeth, module, width = round(d["teeth"]), d["module"], d["width"]
    rim = teeth * module / 2 - 1.25 * module - d["rim"]
    recess = ring(rim, d["hub_radius"], d["recess"] + 1)
    blank = toothed(teeth, module, width, helix_deg=d["helix_deg"])
    body = blank - recess.translate((0, 0, width - d["recess"])) - recess.translate((0, 0, -1))
    hole = rod(d["hole_radius"], width + 2, at=((rim + d["hub_radius"]) / 2, 0, -1))
    keyway = box((8, d["keyway"], width + 2), at=(d["bore_radius"], 0, -1))
    return body - around(hole, d["holes"]) - rod(d["bore_radius"], width + 2, at=(0, 0, -1)) - keyway


def turbo_wheel(d: Dimensions) -> Solid:
    """Return a radial turbine wheel: a hub that flares into a back plate, twisted blades, a nut and a balancing cut."""
    outer, height, hub, thick = d["outer_radius"], d["height"], d["hub_radius"], d["blade"]
    flare = [(outer, 0.0), (outer, 2.0), (outer * 0.7, 4.0), (outer * 0.45, 9.0), (hub + 1, height * 0.55), (hub, height)]
    core = spun([(0.0, 0.0), *flare, (0.0, height)])
    exducer = d["exducer_radius"]
    envelope = spun(
        [(0, 0.5), (outer, 0.5), (outer, d["tip_height"]), (exducer, height * 0.6), (exducer, height - 2), (0, height - 2)]
    )
    root = [(0.0, -thick / 2), (outer + 5, -thick / 2), (outer + 5, thick / 2), (0.0, thick / 2)]
    twisted = plate(root, height, twist_deg=d["twist_deg"])
    nut = hulled(around(rod(0.5, 6, at=(hub * 0.75, 0, height - LAP)), 6))
    cut = lying(3, 10, at=(outer - 2, -5, 0), along="y")
    shaft = rod(d["shaft_radius"], d["shaft_length"] + LAP, at=(0, 0, -d["shaft_length"]))
    return joined([core, (around(twisted, d["blades"]) ^ envelope), nut, shaft]) - cut
