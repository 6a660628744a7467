"""Pictures and labels: what they show follows from the figures, and no name of the data becomes markup."""

import re
from xml.etree import ElementTree

import pytest

from vehiclenest.loop.records import Damage
from vehiclenest.web.labels import Label, labels
from vehiclenest.web.sankey import sankey
from vehiclenest.web.silhouette import silhouette, zones


def test_a_zone_is_drawn_by_its_units() -> None:
    drawn = ElementTree.fromstring(silhouette([Damage("front", 7, "collision"), Damage("left", 1.5, "wear")], "front 7"))
    classes = [str(path.get("class")) for path in drawn.iter("path")]
    assert sorted(classes) == sorted(["heavy", "light"] + ["sound"] * (len(zones()) - 2))
    assert [item.text for item in drawn.iter("text")] == ["7", "1.5"]
    assert "<b>" not in silhouette([], "<b>")


def test_bands_are_as_wide_as_their_mass() -> None:
    links = {("metal", "recycle"): 600.0, ("metal", "reuse"): 200.0, ("<glass>", "recycle"): 200.0}
    text = sankey("vehicles", links, "mass")
    drawn = ElementTree.fromstring(text)
    heights = [float(bar.get("height", 0)) for bar in drawn.iter("rect")]
    whole, metal, glass, recycle, reuse = (heights[0], heights[1], heights[2], heights[3], heights[4])
    assert metal / whole == pytest.approx(0.8, abs=0.001)
    assert glass / whole == pytest.approx(0.2, abs=0.001)
    assert (recycle / whole, reuse / whole) == (pytest.approx(0.8, abs=0.001), pytest.approx(0.2, abs=0.001))
    assert len(list(drawn.iter("path"))) == 2 + 3
    assert "&lt;glass&gt;" in text
    assert sankey("vehicles", {}, "mass") == ""


def test_a_label_a_page_with_chinese_and_long_names() -> None:
    made = labels(
        [Label("发动机", ("LSVAA49J132047371-ENG", "等级 A"), "urn:epc:id:giai:9521321.X"), Label("x" * 500, (), "short")]
    )
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b(?!s)", made)) == 2
    assert made == labels(
        [Label("发动机", ("LSVAA49J132047371-ENG", "等级 A"), "urn:epc:id:giai:9521321.X"), Label("x" * 500, (), "short")]
    )
