"""Makes the bundled manifest of 60 made-up vehicles: real makers' codes, invented serial numbers, seeded.

Run: .venv/bin/python tools/make_example_manifest.py src/vehiclenest/site/examples/manifest-60.csv
"""

import csv
import random
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from vehiclenest.core.identifiers import format_battery_code, with_check_digit

_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"  # 1980 to 2009, and again from 2010
_VDS_CHARACTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"

# WMI, make, model, category, body, powertrain, litres, curb mass kg, first and last model year, how many
_MODELS = [
    ("LSV", "VOLKSWAGEN", "LAVIDA", "M1", "SEDAN", "petrol", 1.6, 1285, 2009, 2016, 6),
    ("LFV", "VOLKSWAGEN", "SAGITAR", "M1", "SEDAN", "petrol", 1.4, 1370, 2010, 2017, 4),
    ("LSG", "BUICK", "EXCELLE", "M1", "SEDAN", "petrol", 1.6, 1230, 2006, 2014, 5),
    ("LHG", "HONDA", "ACCORD", "M1", "SEDAN", "petrol", 2.4, 1520, 2008, 2015, 4),
    ("LVH", "HONDA", "CR-V", "M1", "SUV", "petrol", 2.0, 1540, 2009, 2016, 4),
    ("LGB", "NISSAN", "SYLPHY", "M1", "SEDAN", "petrol", 1.6, 1200, 2009, 2016, 4),
    ("LBE", "HYUNDAI", "ELANTRA", "M1", "SEDAN", "petrol", 1.6, 1250, 2008, 2015, 3),
    ("LFM", "TOYOTA", "COROLLA", "M1", "SEDAN", "petrol", 1.6, 1265, 2008, 2016, 4),
    ("LGW", "HAVAL", "H6", "M1", "SUV", "petrol", 1.5, 1580, 2012, 2018, 4),
    ("LZW", "WULING", "HONGGUANG", "M1", "MINI-VAN", "petrol", 1.5, 1210, 2011, 2018, 4),
    ("LB3", "GEELY", "EMGRAND", "M1", "SEDAN", "petrol", 1.5, 1240, 2010, 2017, 2),
    ("LFM", "TOYOTA", "COROLLA HYBRID", "M1", "SEDAN", "hybrid", 1.8, 1410, 2016, 2020, 2),
    ("LC0", "BYD", "QIN", "M1", "SEDAN", "plug_in_hybrid", 1.5, 1720, 2014, 2018, 2),
    ("LC0", "BYD", "E5", "M1", "SEDAN", "electric", 0, 1900, 2016, 2019, 3),
    ("LNB", "BAIC", "EU260", "M1", "SEDAN", "electric", 0, 1640, 2016, 2018, 2),
    ("LRW", "TESLA", "MODEL 3", "M1", "SEDAN", "electric", 0, 1760, 2020, 2022, 2),
    ("LEF", "JMC", "BAODIAN PICKUP", "N1", "PICKUP", "diesel", 2.8, 1720, 2010, 2017, 2),
    ("LVB", "FOTON", "OLLIN BOX TRUCK", "N2", "BOX TRUCK", "diesel", 3.8, 3900, 2010, 2016, 1),
    ("LC6", "SUZUKI", "GSX250 MOTORCYCLE", "L3", "MOTORCYCLE", "petrol", 0.25, 180, 2014, 2018, 1),
    ("LZZ", "CIMC", "BOX TRAILER", "O2", "TRAILER", "none", 0, 2300, 2008, 2014, 1),
]  # fmt: skip
_DAMAGE = ["front:5D6", "front:5D4;left:2S1", "rear:5D5", "left:4D3", "right:4D4", "", "", "front:5D2", "roof:5D6;left:5D4", "front:5B9",
           "interior:5F6;underbody:5F4", "rear:5D2;right:3S1", "powertrain:5M4", "", "underbody:5D4"]  # fmt: skip
_MAKERS = {"BYD": "009", "BAIC": "00B", "TESLA": "08T"}


def main(target: Path) -> None:
    """Write the manifest."""
    draw = random.Random(715)
    rows: list[dict[str, object]] = []
    morning = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
    for wmi, make, model, category, body, powertrain, litres, curb, first, last, count in _MODELS:
        for _ in range(count):
            year = draw.randint(first, last)
            descriptor = "".join(draw.choice(_VDS_CHARACTERS) for _ in range(5))
            vin = with_check_digit(
                f"{wmi}{descriptor}0{_YEAR_CODES[(year - 1980) % 30]}{draw.choice('ABCDEFGH')}{draw.randint(0, 999_999):06d}"
            )
            weighed = round(curb * draw.gauss(0.995, 0.011)) if draw.random() < 0.85 else ""
            rows.append(
                {
                    "vin": vin,
                    "make": make,
                    "model": model,
                    "year": year,
                    "category": category,
                    "body": body,
                    "powertrain": powertrain,
                    "displacement_l": litres or "",
                    "curb_mass_kg": curb if draw.random() < 0.92 else "",
                    "weighed_mass_kg": weighed,
                    "mileage_km": 0
                    if draw.random() < 0.05 or category == "O2"
                    else draw.randint(60, 320) * 1000 + draw.randint(0, 999),
                    "damage_codes": draw.choice(_DAMAGE) if category != "O2" else "",
                    "battery_code": _battery(make, year, draw) if powertrain in {"electric", "plug_in_hybrid"} else "",
                }
            )
    draw.shuffle(rows)
    for index, row in enumerate(rows):
        row["received_at"] = (morning + timedelta(minutes=7 * (index % 30), days=index // 30)).isoformat()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _battery(make: str, year: int, draw: random.Random) -> str:
    return format_battery_code(
        maker=_MAKERS[make],
        product_type="pack",
        chemistry="B" if make == "BYD" and year < 2017 else "E",
        specification="A1",
        produced=date(year, draw.randint(1, 12), draw.randint(1, 28)),
        serial=draw.randint(1, 9_999_999),
        traceability="0000000",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
